// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A signal that waits for delivery.
 *
 * @param ownTid the thread, as the program knows it; 0: any thread of the process
 * @param info {@code siginfo_t}, 128 bytes
 */
public record PendingSignal(int ownTid, int signal, Bytes info) {

    /** Size of {@code siginfo_t}. */
    public static final int INFO_BYTES = 128;

    public PendingSignal {
        Checks.notNegative("thread of a pending signal", ownTid);
        Checks.signal(signal);
        Checks.check(info.length() == INFO_BYTES, "size of signal information", info.length());
    }
}
