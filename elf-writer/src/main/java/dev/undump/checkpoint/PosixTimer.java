// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.OptionalInt;

/**
 * A timer that the program has made by timer_create.
 *
 * @param id the kernel's number
 * @param clock {@code clockid_t}; of a CPU-time clock its three low bits
 * @param clockTid the thread whose time a CPU-time clock counts, or the process; empty for other clocks
 * @param notification {@code SIGEV_*}
 * @param tid the thread that {@code SIGEV_THREAD_ID} names, as the program knows it; else empty
 * @param value {@code sigev_value}
 * @param remainingNs 0 when it does not run; when its signal is pending, until the end of the interval behind it
 */
public record PosixTimer(
        int id,
        int clock,
        OptionalInt clockTid,
        int notification,
        int signal,
        OptionalInt tid,
        long value,
        long intervalNs,
        long remainingNs) {

    /** {@code SIGEV_NONE}. */
    public static final int NOTIFY_NONE = 1;

    /** {@code SIGEV_THREAD_ID}. */
    public static final int NOTIFY_THREAD_ID = 4;

    private static final int LAST_NOTIFY = 2;
    private static final int CLOCK_KIND_MASK = 7;

    public PosixTimer {
        Checks.notNegative("id of a POSIX timer", id);
        Checks.check(
                clock >= 0 && (clockTid.isEmpty() || clock <= CLOCK_KIND_MASK), "clock of a POSIX timer", clock);
        Checks.check(
                notification >= 0 && (notification & ~NOTIFY_THREAD_ID) <= LAST_NOTIFY, "notification of a POSIX timer", notification);
        Checks.check(
                tid.isPresent() == ((notification & NOTIFY_THREAD_ID) != 0), "notification of a POSIX timer", notification);
        if (notification != NOTIFY_NONE) {
            Checks.signal(signal);
        }
        Checks.notNegative("interval of a POSIX timer", intervalNs);
        Checks.notNegative("remaining time of a POSIX timer", remainingNs);
    }
}
