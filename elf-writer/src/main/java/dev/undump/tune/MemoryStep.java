// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.MemoryOp;
import java.nio.ByteBuffer;

/**
 * One step of a finished plan, {@code struct image_memory_op}, field by field.
 *
 * @param kind {@code IMAGE_MEMORY_*}
 * @param address page aligned
 * @param length in bytes
 * @param offset image offset, or what the kind says
 */
record MemoryStep(
        int kind, int protection, long address, long length, long offset, int flags, int argument, int optional) {

    static final int SIZE_BYTES = MemoryOp.SIZE_BYTES;

    private static final int MADV_HUGEPAGE = 14;

    static MemoryStep readFrom(ByteBuffer plan, int at) {
        return new MemoryStep(
                plan.getInt(at + MemoryOp.KIND),
                plan.getInt(at + MemoryOp.PROTECTION),
                plan.getLong(at + MemoryOp.ADDRESS),
                plan.getLong(at + MemoryOp.LENGTH),
                plan.getLong(at + MemoryOp.OFFSET),
                plan.getInt(at + MemoryOp.FLAGS),
                plan.getInt(at + MemoryOp.ARGUMENT),
                plan.getInt(at + MemoryOp.OPTIONAL));
    }

    void writeTo(ByteBuffer plan, int at) {
        plan.putInt(at + MemoryOp.KIND, kind);
        plan.putInt(at + MemoryOp.PROTECTION, protection);
        plan.putLong(at + MemoryOp.ADDRESS, address);
        plan.putLong(at + MemoryOp.LENGTH, length);
        plan.putLong(at + MemoryOp.OFFSET, offset);
        plan.putInt(at + MemoryOp.FLAGS, flags);
        plan.putInt(at + MemoryOp.ARGUMENT, argument);
        plan.putInt(at + MemoryOp.OPTIONAL, optional);
    }

    static MemoryStep prefetch(PageRanges.Range range) {
        return new MemoryStep(ImageLayout.MEMORY_PREFETCH, 0, 0, range.length(), range.start(), 0, 0, 1);
    }

    /** Anonymous memory over a part of this lazy mapping. */
    MemoryStep anonymous(long start, long bytes) {
        return new MemoryStep(ImageLayout.MEMORY_ANONYMOUS, protection, start, bytes, 0, flags, 0, 0);
    }

    static MemoryStep huge(long start, long bytes) {
        return new MemoryStep(ImageLayout.MEMORY_ADVISE, 0, start, bytes, 0, 0, MADV_HUGEPAGE, 1);
    }

    /** Reads what this mapping has there. */
    MemoryStep read(long start, long bytes) {
        return new MemoryStep(ImageLayout.MEMORY_READ, 0, start, bytes, offset + (start - address), 0, 0, 0);
    }

    MemoryStep withOffset(long other) {
        return new MemoryStep(kind, protection, address, length, other, flags, argument, optional);
    }

    long end() {
        return address + length;
    }

    /** Whether the program sees bytes of the image there. */
    boolean mapsImage() {
        return kind == ImageLayout.MEMORY_IMAGE || kind == ImageLayout.MEMORY_LAZY;
    }

    /** Whether it makes a mapping, or something to map. */
    boolean isOfMaps() {
        return switch (kind) {
            case ImageLayout.MEMORY_ANONYMOUS,
                    ImageLayout.MEMORY_SHARED,
                    ImageLayout.MEMORY_IMAGE,
                    ImageLayout.MEMORY_FILE,
                    ImageLayout.MEMORY_OBJECT,
                    ImageLayout.MEMORY_OBJECT_MAP,
                    ImageLayout.MEMORY_DROPPABLE,
                    ImageLayout.MEMORY_LAZY,
                    ImageLayout.MEMORY_DESCRIPTOR_MAP,
                    ImageLayout.MEMORY_SEGMENT -> true;
            default -> false;
        };
    }
}
