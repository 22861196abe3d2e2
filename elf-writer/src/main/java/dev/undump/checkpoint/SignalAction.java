// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A signal's action, {@code struct kernel_sigaction}.
 *
 * @param handler 0 {@code SIG_DFL}, 1 {@code SIG_IGN}, else an address
 * @param flags {@code SA_*} bits
 * @param mask bit n-1 is signal n
 */
public record SignalAction(int signal, long handler, long flags, long restorer, long mask) {

    public SignalAction {
        Checks.signal(signal);
    }
}
