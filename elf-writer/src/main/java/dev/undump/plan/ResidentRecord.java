// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.LazyRange;
import dev.undump.nativestub.ImageLayout.Resident;
import dev.undump.sites.OlderStub;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the stub of the image that the program came from has left in its memory, {@code struct image_resident}: which of its
 * mappings of that image are anonymous memory.
 *
 * @param address of the record
 * @param isActive false: a later image has taken over
 * @param stub the code that made it
 * @param deviceMajor of the image
 * @param deviceMinor of the image
 * @param inode of the image
 * @param ranges by address, not overlapping
 * @param imagePages page of the image that each range starts with
 */
record ResidentRecord(
        long address,
        boolean isActive,
        OlderStub stub,
        int deviceMajor,
        int deviceMinor,
        long inode,
        List<ByteRange> ranges,
        List<Integer> imagePages) {

    private static final long PAGE = 4096;

    ResidentRecord {
        ranges = List.copyOf(ranges);
        imagePages = List.copyOf(imagePages);
    }

    /**
     * Finds the records. What only looks like one is ignored: it is the program's own memory.
     *
     * @return one for each generation of images with lazy memory that the program came from
     */
    static List<ResidentRecord> find(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        List<ResidentRecord> records = new ArrayList<>();
        for (Mapping mapping : checkpoint.mappings()) {
            boolean ours = mapping.kind() == MappingKind.ANONYMOUS
                    && mapping.range().start() < ImageLayout.SLOT_LIMIT;
            if (!ours) {
                continue;
            }
            for (Extent extent : mapping.extents()) {
                long address = firstPlaceFrom(extent.address());
                if (extent.hasBytes() && extent.range().contains(address)) {
                    read(address, mapping.range().end(), memory).ifPresent(records::add);
                }
            }
        }
        return records;
    }

    /** Returns whether a mapping is one of this image. */
    boolean isOfImage(Mapping mapping) {
        return isActive
                && mapping.kind() == MappingKind.PRIVATE_FILE
                && mapping.inode() == inode
                && mapping.deviceMajor() == deviceMajor
                && mapping.deviceMinor() == deviceMinor;
    }

    /** Returns whether a mapping of this image shows, at an address in a range, what the range had there. */
    boolean isInPlace(Mapping mapping, int range, long at) {
        long inRange = (at - ranges.get(range).start()) / PAGE + Integer.toUnsignedLong(imagePages.get(range));
        return mapping.fileOffset() + (at - mapping.range().start()) == inRange * PAGE;
    }

    /** Address of the word that says whether the older stub still answers calls. */
    long activeWord() {
        return address + Resident.ACTIVE;
    }

    /** Slots are aligned to their size, so that records can be at few places only. */
    private static long firstPlaceFrom(long address) {
        long slot = Math.max(0, address - ImageLayout.RESIDENT + ImageLayout.SLOT_SIZE - 1)
                / ImageLayout.SLOT_SIZE
                * ImageLayout.SLOT_SIZE;
        return slot + ImageLayout.RESIDENT;
    }

    private static Optional<ResidentRecord> read(long address, long end, CheckpointMemory memory) throws IOException {
        Optional<ByteBuffer> head = memory.read(address, Resident.SIZE_BYTES);
        if (head.isEmpty()) {
            return Optional.empty();
        }
        ByteBuffer record = head.get();
        long slot = address - ImageLayout.RESIDENT;
        long count = record.getLong(Resident.RANGE_COUNT);
        long room = (end - address - Resident.SIZE_BYTES) / LazyRange.SIZE_BYTES;
        boolean valid = record.getLong(Resident.MAGIC) == ImageLayout.RESIDENT_MAGIC_U64
                && record.getLong(Resident.SLOT) == slot
                && (record.getLong(Resident.ACTIVE) & ~1) == 0
                && isDeviceNumber(record.getLong(Resident.DEVICE_MAJOR))
                && isDeviceNumber(record.getLong(Resident.DEVICE_MINOR))
                && count >= 0
                && count <= Math.min(room, Integer.MAX_VALUE / LazyRange.SIZE_BYTES);
        Optional<OlderStub> stub = valid ? stub(slot, record) : Optional.empty();
        if (stub.isEmpty()) {
            return Optional.empty();
        }
        Optional<ByteBuffer> table = memory.read(address + Resident.SIZE_BYTES, (int) count * LazyRange.SIZE_BYTES);
        Optional<List<ByteRange>> ranges = table.flatMap(ResidentRecord::ranges);
        return ranges.map(found -> new ResidentRecord(
                address,
                record.getLong(Resident.ACTIVE) == 1,
                stub.get(),
                (int) record.getLong(Resident.DEVICE_MAJOR),
                (int) record.getLong(Resident.DEVICE_MINOR),
                record.getLong(Resident.INODE),
                found,
                imagePages(table.get())));
    }

    private static Optional<OlderStub> stub(long slot, ByteBuffer record) {
        long end = record.getLong(Resident.TEXT_END);
        long entry = record.getLong(Resident.INTERCEPT);
        try {
            ByteRange text = new ByteRange(slot, end);
            return text.lengthBytes() < ImageLayout.DONE_BITS
                    ? Optional.of(new OlderStub(text, entry))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static List<Integer> imagePages(ByteBuffer table) {
        List<Integer> pages = new ArrayList<>();
        for (int at = 0; at < table.limit(); at += LazyRange.SIZE_BYTES) {
            pages.add(table.getInt(at + LazyRange.IMAGE_PAGE));
        }
        return pages;
    }

    private static boolean isDeviceNumber(long number) {
        return number >= 0 && number <= Integer.MAX_VALUE;
    }

    private static Optional<List<ByteRange>> ranges(ByteBuffer table) {
        List<ByteRange> ranges = new ArrayList<>();
        long free = PAGE;
        for (int at = 0; at < table.limit(); at += LazyRange.SIZE_BYTES) {
            long start = table.getLong(at + LazyRange.ADDRESS);
            long length = table.getLong(at + LazyRange.LENGTH);
            boolean valid = start >= free
                    && start <= ImageLayout.ADDRESS_LIMIT
                    && length > 0
                    && length <= ImageLayout.ADDRESS_LIMIT - start
                    && (start | length) % PAGE == 0;
            if (!valid) {
                return Optional.empty();
            }
            ranges.add(ByteRange.ofLength(start, length));
            free = start + length;
        }
        return Optional.of(ranges);
    }
}
