// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.time.Duration;

/**
 * How long a server may take.
 *
 * @param connect until the connection stands, TLS not included
 * @param idle how long no more than a trickle, {@link #MINIMUM_BYTES_PER_SECOND}, may come or go
 * @param total of one object
 */
public record Timeouts(Duration connect, Duration idle, Duration total) {

    /** Below this a transfer counts as idle. */
    public static final int MINIMUM_BYTES_PER_SECOND = 1024;

    /** 3 s, 10 s, 5 min. */
    public static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofMinutes(5));

    /**
     * Checks them.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Timeouts {
        if (!isPositive(connect) || !isPositive(idle) || !isPositive(total)) {
            throw new IllegalArgumentException("time-outs are positive: " + connect + ", " + idle + ", " + total);
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }
}
