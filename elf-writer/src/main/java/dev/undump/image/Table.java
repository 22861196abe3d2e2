// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import java.nio.ByteBuffer;

/**
 * Place of a table in the plan, {@code struct image_table}.
 *
 * @param offset bytes from the start of the plan; 0 when empty
 * @param count records
 */
record Table(long offset, long count) {

    void writeTo(ByteBuffer buffer, int at) {
        buffer.putLong(at, count == 0 ? 0 : offset);
        buffer.putLong(at + Long.BYTES, count);
    }
}
