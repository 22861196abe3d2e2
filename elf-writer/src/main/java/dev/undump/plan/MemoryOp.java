// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.BoundMemory;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.MemoryPolicy;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;

/**
 * One step that builds the address space, {@code struct image_memory_op}.
 *
 * @param kind what to do
 * @param protection PROT_* bits
 * @param range page-aligned addresses; of {@link Kind#OBJECT} from 0
 * @param offset where in the image, the object or the file
 * @param flags further MAP_* bits
 * @param argument advice, mlock2 flags, index of a mapped file or descriptor, flags of a lazy range, mode of a memory policy
 * @param optional true: a failure is a detail lost
 */
public record MemoryOp(
        Kind kind, int protection, ByteRange range, PlanOffset offset, int flags, int argument, boolean optional) {

    /** Codes of {@code IMAGE_MEMORY_*}. */
    public enum Kind {
        /** {@code IMAGE_MEMORY_ANONYMOUS}. */
        ANONYMOUS(ImageLayout.MEMORY_ANONYMOUS),
        /** {@code IMAGE_MEMORY_SHARED}. */
        SHARED(ImageLayout.MEMORY_SHARED),
        /** {@code IMAGE_MEMORY_IMAGE}. */
        IMAGE(ImageLayout.MEMORY_IMAGE),
        /** {@code IMAGE_MEMORY_READ}. */
        READ(ImageLayout.MEMORY_READ),
        /** {@code IMAGE_MEMORY_PROTECT}. */
        PROTECT(ImageLayout.MEMORY_PROTECT),
        /** {@code IMAGE_MEMORY_ADVISE}. */
        ADVISE(ImageLayout.MEMORY_ADVISE),
        /** {@code IMAGE_MEMORY_LOCK}. */
        LOCK(ImageLayout.MEMORY_LOCK),
        /** {@code IMAGE_MEMORY_SEAL}. */
        SEAL(ImageLayout.MEMORY_SEAL),
        /** {@code IMAGE_MEMORY_FILE}. */
        FILE(ImageLayout.MEMORY_FILE),
        /** {@code IMAGE_MEMORY_OBJECT}. */
        OBJECT(ImageLayout.MEMORY_OBJECT),
        /** {@code IMAGE_MEMORY_OBJECT_MAP}. */
        OBJECT_MAP(ImageLayout.MEMORY_OBJECT_MAP),
        /** {@code IMAGE_MEMORY_UNMAP}. */
        UNMAP(ImageLayout.MEMORY_UNMAP),
        /** {@code IMAGE_MEMORY_NAME}. */
        NAME(ImageLayout.MEMORY_NAME),
        /** {@code IMAGE_MEMORY_DROPPABLE}. */
        DROPPABLE(ImageLayout.MEMORY_DROPPABLE),
        /** {@code IMAGE_MEMORY_LAZY}. */
        LAZY(ImageLayout.MEMORY_LAZY),
        /** {@code IMAGE_MEMORY_DESCRIPTOR_MAP}. */
        DESCRIPTOR_MAP(ImageLayout.MEMORY_DESCRIPTOR_MAP),
        /** {@code IMAGE_MEMORY_SEGMENT}. */
        SEGMENT(ImageLayout.MEMORY_SEGMENT),
        /** {@code IMAGE_MEMORY_POLICY}. */
        POLICY(ImageLayout.MEMORY_POLICY);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** The number in the image. */
        public int code() {
            return code;
        }
    }

    public MemoryOp {
        if (range.isEmpty() || !range.isAligned(4096) || range.end() > ImageLayout.ADDRESS_LIMIT) {
            throw new IllegalArgumentException("memory step " + kind + " at " + range);
        }
    }

    static MemoryOp anonymous(ByteRange range, int protection, int flags) {
        return new MemoryOp(Kind.ANONYMOUS, protection, range, PlanOffset.ZERO, flags, 0, false);
    }

    static MemoryOp shared(ByteRange range, int protection, int flags) {
        return new MemoryOp(Kind.SHARED, protection, range, PlanOffset.ZERO, flags, 0, false);
    }

    static MemoryOp droppable(ByteRange range, int protection) {
        return new MemoryOp(Kind.DROPPABLE, protection, range, PlanOffset.ZERO, 0, 0, false);
    }

    static MemoryOp image(ByteRange range, int protection, PlanOffset offset) {
        return new MemoryOp(Kind.IMAGE, protection, range, offset, 0, 0, false);
    }

    static MemoryOp lazy(ByteRange range, int protection, int flags, int rangeFlags, PlanOffset offset) {
        return new MemoryOp(Kind.LAZY, protection, range, offset, flags, rangeFlags, false);
    }

    static MemoryOp read(ByteRange range, PlanOffset offset) {
        return new MemoryOp(Kind.READ, 0, range, offset, 0, 0, false);
    }

    static MemoryOp protect(ByteRange range, int protection) {
        return new MemoryOp(Kind.PROTECT, protection, range, PlanOffset.ZERO, 0, 0, false);
    }

    static MemoryOp advise(ByteRange range, int advice, boolean optional) {
        return new MemoryOp(Kind.ADVISE, 0, range, PlanOffset.ZERO, 0, advice, optional);
    }

    static MemoryOp lock(ByteRange range, int mlock2Flags) {
        return new MemoryOp(Kind.LOCK, 0, range, PlanOffset.ZERO, 0, mlock2Flags, true);
    }

    static MemoryOp seal(ByteRange range) {
        return new MemoryOp(Kind.SEAL, 0, range, PlanOffset.ZERO, 0, 0, false);
    }

    static MemoryOp file(ByteRange range, int protection, int mappedFile, long fileOffset) {
        return new MemoryOp(Kind.FILE, protection, range, new PlanOffset.Plain(fileOffset), 0, mappedFile, false);
    }

    static MemoryOp object(long sizeBytes) {
        return new MemoryOp(Kind.OBJECT, 0, new ByteRange(0, sizeBytes), PlanOffset.ZERO, 0, 0, false);
    }

    static MemoryOp objectMap(ByteRange range, int protection, long objectOffset) {
        return new MemoryOp(Kind.OBJECT_MAP, protection, range, new PlanOffset.Plain(objectOffset), 0, 0, false);
    }

    static MemoryOp descriptorMap(ByteRange range, int protection, int flags, int descriptor, long fileOffset) {
        return new MemoryOp(
                Kind.DESCRIPTOR_MAP, protection, range, new PlanOffset.Plain(fileOffset), flags, descriptor, false);
    }

    static MemoryOp segment(ByteRange range, int flags, int number, long segmentOffset) {
        return new MemoryOp(Kind.SEGMENT, 0, range, new PlanOffset.Plain(segmentOffset), flags, number, false);
    }

    static MemoryOp unmap(ByteRange range) {
        return new MemoryOp(Kind.UNMAP, 0, range, PlanOffset.ZERO, 0, 0, false);
    }

    static MemoryOp policy(BoundMemory bound) {
        MemoryPolicy policy = bound.policy();
        return new MemoryOp(Kind.POLICY, 0, bound.range(), new PlanOffset.Plain(policy.nodes()), 0, policy.mode(), true);
    }

    static MemoryOp name(ByteRange range, NativeText name) {
        return new MemoryOp(Kind.NAME, 0, range, new PlanOffset.Text(name), 0, 0, true);
    }
}
