// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;

/**
 * Bytes of the program's memory that differ from the checkpoint's.
 *
 * @param address of the first one
 * @param content what stands there instead; lies in one mapping
 */
public record CodePatch(long address, Bytes content) {

    /** Returns the bytes that it covers. */
    public ByteRange range() {
        return ByteRange.ofLength(address, content.length());
    }
}
