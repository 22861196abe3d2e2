// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** In front of each frame: a skippable frame with the size of the next one, as pzstd writes and reads it. */
final class FramePrefix {

    static final int SIZE_BYTES = 12;

    private static final int SKIPPABLE_MAGIC = 0x184d2a50;

    private FramePrefix() {}

    static ByteBuffer encode(int compressedBytes) {
        return ByteBuffer.allocate(SIZE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(SKIPPABLE_MAGIC)
                .putInt(Integer.BYTES)
                .putInt(compressedBytes)
                .flip();
    }

    /** Returns the size of the frame that follows, in bytes. */
    static long decode(ByteBuffer bytes, long offset, PackFaults faults) throws PackException {
        ByteBuffer buffer = bytes.order(ByteOrder.LITTLE_ENDIAN);
        if (buffer.getInt(0) != SKIPPABLE_MAGIC || buffer.getInt(Integer.BYTES) != Integer.BYTES) {
            throw faults.damaged(offset, "no size of a frame stands there", null);
        }
        return Integer.toUnsignedLong(buffer.getInt(2 * Integer.BYTES));
    }
}
