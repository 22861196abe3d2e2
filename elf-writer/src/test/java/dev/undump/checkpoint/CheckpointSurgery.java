// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Changes single numbers of a checkpoint and makes its checksums right again, as a hostile writer would. */
final class CheckpointSurgery {

    private final ByteBuffer file;

    CheckpointSurgery(byte[] file) {
        this.file = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Changes the 4 bytes of a field of the header. */
    CheckpointSurgery headerInt(int field, int value) {
        file.putInt(field, value);
        return this;
    }

    /** Changes the 8 bytes of a field of the header. */
    CheckpointSurgery headerLong(int field, long value) {
        file.putLong(field, value);
        return this;
    }

    CheckpointSurgery recordInt(int section, int index, int field, int value) {
        file.putInt(position(section, index) + field, value);
        return this;
    }

    CheckpointSurgery recordLong(int section, int index, int field, long value) {
        file.putLong(position(section, index) + field, value);
        return this;
    }

    /** Changes the 4 bytes of a field of a section's entry in the section table. */
    CheckpointSurgery sectionInt(int section, int field, int value) {
        file.putInt(entry(section) + field, value);
        return this;
    }

    CheckpointSurgery sectionLong(int section, int field, long value) {
        file.putLong(entry(section) + field, value);
        return this;
    }

    /** Returns the first 4 bytes of a record. */
    int recordInt(int section, int index) {
        return file.getInt(position(section, index));
    }

    long sectionLong(int section, int field) {
        return file.getLong(entry(section) + field);
    }

    long headerLong(int field) {
        return file.getLong(field);
    }

    /** Returns the changed file with right checksums. */
    byte[] file() {
        byte[] result = file.array().clone();
        CheckpointBuilder.fixChecksums(result);
        return result;
    }

    private int position(int section, int index) {
        int entry = entry(section);
        return (int) file.getLong(entry + CheckpointLayout.Section.OFFSET)
                + index * file.getInt(entry + CheckpointLayout.Section.RECORD_SIZE);
    }

    private int entry(int section) {
        int table = (int) file.getLong(Header.INDEX_OFFSET);
        for (int i = 0; i < file.getInt(Header.SECTION_COUNT); i++) {
            int entry = table + i * CheckpointLayout.Section.SIZE_BYTES;
            if (file.getInt(entry + CheckpointLayout.Section.KIND) == section) {
                return entry;
            }
        }
        throw new IllegalArgumentException("no section " + section);
    }
}
