// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * The system call in which a thread was stopped.
 *
 * @param number the call; for {@code restart_syscall} the call that it stands for; -1 when that is unknown
 * @param result the kernel's pending result, such as -512 ({@code ERESTARTSYS}) or -4 ({@code EINTR})
 * @param waitedNs how long the call had been waiting, nanoseconds, never more than in truth; 0 when unknown
 */
public record InterruptedCall(long number, long result, long waitedNs) {

    public InterruptedCall {
        Checks.check(number >= -1 && number <= Integer.MAX_VALUE, "system call number", number);
        Checks.notNegative("waited time", waitedNs);
    }
}
