// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;

/**
 * A new mapping, readable and executable, that rewritten code jumps to.
 *
 * @param address page aligned, free in the program
 * @param content whole pages
 */
public record Island(long address, Bytes content) {

    static final int PAGE = 4096;

    public Island {
        if (address % PAGE != 0 || content.length() == 0 || content.length() % PAGE != 0) {
            throw new IllegalArgumentException(
                    "island of " + content.length() + " bytes at " + ByteRange.format(address));
        }
    }

    /** Returns the pages that it takes. */
    public ByteRange range() {
        return ByteRange.ofLength(address, content.length());
    }
}
