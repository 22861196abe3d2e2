// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * Where a thread goes on.
 *
 * @param rip the program's next instruction; not used when the stub makes a shortened call
 * @param rax the number of the system call that is made again, or the register as captured
 * @param call present when the stub makes the system call with less time
 */
public record ResumePoint(long rip, long rax, Optional<ShortenedCall> call) {

    /** Returns the same point, where instructions have moved. */
    ResumePoint relocated(LongUnaryOperator moved) {
        return new ResumePoint(moved.applyAsLong(rip), rax, call.map(one -> one.relocated(moved)));
    }
}
