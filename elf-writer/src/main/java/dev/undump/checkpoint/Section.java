// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The bytes of one section.
 *
 * @param fileOffset where they stand in the checkpoint
 * @param count records
 */
record Section(String name, ByteBuffer content, long fileOffset, int recordSize, int count) {

    static Section empty(String name, long fileOffset) {
        return new Section(name, ByteBuffer.allocate(0), fileOffset, 1, 0);
    }

    /** Returns a view of one record. */
    RecordView record(int index, StringTable strings) {
        int start = index * recordSize;
        ByteBuffer bytes = content.slice(start, recordSize).order(ByteOrder.LITTLE_ENDIAN);
        return new RecordView(bytes, strings);
    }

    /** Returns where a record stands in the checkpoint. */
    long offsetOf(int index) {
        return fileOffset + (long) index * recordSize;
    }
}
