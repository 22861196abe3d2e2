// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;

/**
 * A place that may be a system call and could not be rewritten or ruled out.
 *
 * @param address of its first byte
 * @param reason half a sentence
 */
public record UncoveredSite(long address, String reason) {

    /** Returns {@code 0x…: reason}. */
    @Override
    public String toString() {
        return ByteRange.format(address) + ": " + reason;
    }
}
