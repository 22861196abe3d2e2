// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/**
 * Extents as the bytes of their records, decoded when asked for: there may be millions, and as objects they would need several
 * times the memory.
 */
final class ExtentList extends AbstractList<Extent> implements RandomAccess {

    private static final int RECORD = CheckpointLayout.Extent.SIZE_BYTES;

    private final ByteBuffer records;
    private final int first;
    private final int count;

    /**
     * Shows records.
     *
     * @param records must not change any more
     */
    ExtentList(ByteBuffer records, int first, int count) {
        this.records = records.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        this.first = first;
        this.count = count;
    }

    /** Returns an unmodifiable copy; the list itself if it is one. */
    static List<Extent> copyOf(List<Extent> extents) {
        return extents instanceof ExtentList ? extents : List.copyOf(extents);
    }

    /** Returns a part of the list, which needs no memory of its own. */
    ExtentList part(int from, int partCount) {
        return new ExtentList(records, first + from, partCount);
    }

    /** Decodes one; throws {@link IllegalArgumentException} if its fields make no sense. */
    @Override
    public Extent get(int index) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException(index);
        }
        int at = (first + index) * RECORD;
        return new Extent(
                records.getLong(at + CheckpointLayout.Extent.ADDRESS),
                records.getLong(at + CheckpointLayout.Extent.LENGTH),
                records.getLong(at + CheckpointLayout.Extent.FILE_OFFSET),
                ExtentKind.ofCode(records.getInt(at + CheckpointLayout.Extent.KIND)),
                records.getInt(at + CheckpointLayout.Extent.CRC));
    }

    @Override
    public int size() {
        return count;
    }
}
