// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.math.BigDecimal;
import java.time.Duration;

/**
 * So much time has passed since the program began.
 *
 * @param time more than zero
 */
public record ElapsedTime(Duration time) implements Readiness {

    private static final BigDecimal LONGEST_SECONDS = BigDecimal.valueOf(86_400);

    static ElapsedTime parse(String text) {
        try {
            BigDecimal seconds = new BigDecimal(text);
            if (seconds.signum() > 0 && seconds.compareTo(LONGEST_SECONDS) <= 0) {
                return new ElapsedTime(Duration.ofNanos(seconds.movePointRight(9).longValue()));
            }
        } catch (NumberFormatException e) {
            // The message below says what was expected.
        }
        throw new IllegalArgumentException("after: wants seconds, at most " + LONGEST_SECONDS + ", not \"" + text + '"');
    }

    @Override
    public String word() {
        return "after:" + BigDecimal.valueOf(time.toNanos(), 9).stripTrailingZeros().toPlainString();
    }

    @Override
    public boolean isReadyAtAnyTime() {
        return true;
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        return () -> program.age().compareTo(time) >= 0;
    }
}
