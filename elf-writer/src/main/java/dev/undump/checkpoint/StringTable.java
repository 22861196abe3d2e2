// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;

/**
 * The STRINGS section. Equal references give the same text object, and different ones may not overlap, so that all texts
 * together never take more memory than the section, however many records refer to it.
 */
final class StringTable {

    private final ByteBuffer content;
    private final Map<Long, NativeText> known = new HashMap<>();
    private long decodedBytes;

    StringTable(ByteBuffer content) {
        this.content = content;
        Checks.check(content.limit() == 0 || content.get(0) == 0, "first byte of the strings", 1);
    }

    /**
     * Returns a string.
     *
     * @throws IllegalArgumentException if the reference leaves the section, misses its terminating zero, or overlaps others
     */
    NativeText text(int offset, int length) {
        if (offset == 0 && length == 0) {
            return NativeText.EMPTY;
        }
        if (offset < 0 || length < 0 || (long) offset + length >= content.limit() || content.get(offset + length) != 0) {
            throw new IllegalArgumentException("string of " + Integer.toUnsignedString(length) + " bytes at "
                    + Integer.toUnsignedString(offset) + " is not in the table of " + content.limit() + " bytes");
        }
        return known.computeIfAbsent((long) offset << Integer.SIZE | length, reference -> decode(offset, length));
    }

    private NativeText decode(int offset, int length) {
        decodedBytes += length;
        if (decodedBytes > content.limit()) {
            throw new IllegalArgumentException("string at " + offset + " overlaps others");
        }
        byte[] bytes = new byte[length];
        content.duplicate().position(offset).get(bytes);
        return NativeText.copyOf(bytes);
    }
}
