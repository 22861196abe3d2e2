// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Fields of one record by offset. Values that make no sense are {@link IllegalArgumentException}, which names the field. */
record RecordView(ByteBuffer bytes, StringTable strings) {

    /** Reads 32 bits as they are; for ids, masks and numbers whose range their record checks. */
    int intAt(int offset) {
        return bytes.getInt(offset);
    }

    /** Reads 16 bits without a sign. */
    int shortAt(int offset) {
        return Short.toUnsignedInt(bytes.getShort(offset));
    }

    /** Reads 8 bits without a sign. */
    int byteAt(int offset) {
        return Byte.toUnsignedInt(bytes.get(offset));
    }

    /** Reads 64 bits as they are. */
    long longAt(int offset) {
        return bytes.getLong(offset);
    }

    boolean flagAt(int offset, String field) {
        int value = bytes.getInt(offset);
        Checks.check(value == 0 || value == 1, field, value);
        return value == 1;
    }

    NativeText textAt(int offset) {
        return strings.text(
                bytes.getInt(offset + CheckpointLayout.String.OFFSET), bytes.getInt(offset + CheckpointLayout.String.LENGTH));
    }

    /** Reads zero-padded text; what follows the first zero must be zero. */
    NativeText paddedTextAt(int offset, int size, String field) {
        byte[] padded = bytesAt(offset, size).toArray();
        int length = 0;
        while (length < size && padded[length] != 0) {
            length++;
        }
        for (int i = length; i < size; i++) {
            Checks.check(padded[i] == 0, "padding of " + field, padded[i]);
        }
        byte[] text = new byte[length];
        System.arraycopy(padded, 0, text, 0, length);
        return NativeText.copyOf(text);
    }

    Bytes bytesAt(int offset, int size) {
        return Bytes.viewOf(bytes.slice(offset, size));
    }

    List<Long> longsAt(int offset, int sizeBytes) {
        List<Long> values = new ArrayList<>(sizeBytes / Long.BYTES);
        for (int i = 0; i < sizeBytes; i += Long.BYTES) {
            values.add(bytes.getLong(offset + i));
        }
        return values;
    }

    /** Checks that bytes without a meaning in this version are zero. */
    void reserved(int offset, int size) {
        for (int i = 0; i < size; i++) {
            Checks.check(bytes.get(offset + i) == 0, "reserved byte " + (offset + i), bytes.get(offset + i));
        }
    }
}
