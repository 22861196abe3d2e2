// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Registration of rseq(2).
 *
 * @param address 0 is not registered
 */
public record RseqRegistration(long address, int sizeBytes, int signature) {

    /** Returns whether the thread had registered. */
    public boolean isRegistered() {
        return address != 0;
    }
}
