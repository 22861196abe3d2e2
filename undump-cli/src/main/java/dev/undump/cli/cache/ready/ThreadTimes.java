// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.util.Map;

/**
 * How long the threads of a program have run.
 *
 * @param nanoseconds by thread id
 * @param isWaitingForDisk whether one of them is in a wait that nothing interrupts
 */
record ThreadTimes(Map<Integer, Long> nanoseconds, boolean isWaitingForDisk) {

    /** Of a program that nobody has looked at. */
    static final ThreadTimes NONE = new ThreadTimes(Map.of(), false);

    ThreadTimes {
        nanoseconds = Map.copyOf(nanoseconds);
    }
}
