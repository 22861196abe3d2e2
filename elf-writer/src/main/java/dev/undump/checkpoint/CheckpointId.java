// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.HexFormat;

/** The random name that capture gave to a checkpoint: 16 bytes, here as two big-endian halves. */
public record CheckpointId(long high, long low) {

    /** Number of bytes of an id. */
    public static final int SIZE_BYTES = 16;

    /** Returns 32 lower-case hexadecimal digits, in the order of the bytes in the file. */
    @Override
    public String toString() {
        return HexFormat.of().toHexDigits(high) + HexFormat.of().toHexDigits(low);
    }
}
