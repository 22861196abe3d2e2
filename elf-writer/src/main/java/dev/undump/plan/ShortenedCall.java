// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.function.LongUnaryOperator;

/**
 * A system call that is made again with less time, because part of it had passed at the capture; see {@code struct
 * image_resume_call}.
 *
 * @param returnAddress behind the program's syscall instruction
 * @param argument number of the argument that changes, 0 to 3
 * @param form how the time is handed over
 * @param remainingNs nanoseconds that are left, 0 or more
 * @param inPlace true: the program's own instruction makes the call, with the changed argument; false: the stub makes it and
 *     puts the argument back
 */
public record ShortenedCall(long returnAddress, int argument, Form form, long remainingNs, boolean inPlace) {

    /** How a system call takes a relative time. */
    public enum Form {
        /** The argument points to a struct timespec. */
        TIMESPEC,
        /** The argument is a number of milliseconds. */
        MILLISECONDS
    }

    public ShortenedCall {
        if (remainingNs < 0 || argument < 0 || argument > 3) {
            throw new IllegalArgumentException(remainingNs + " ns left in argument " + argument);
        }
    }

    /** Returns the same call, where instructions have moved. */
    ShortenedCall relocated(LongUnaryOperator moved) {
        return new ShortenedCall(moved.applyAsLong(returnAddress), argument, form, remainingNs, inPlace);
    }

    /** Milliseconds that are left, rounded up so that no wait ends early. */
    public long remainingMs() {
        return remainingNs / 1_000_000 + (remainingNs % 1_000_000 == 0 ? 0 : 1);
    }
}
