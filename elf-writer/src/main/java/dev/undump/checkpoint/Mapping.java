// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.util.List;

/**
 * One mapping of the address space.
 *
 * @param range addresses, page aligned, not empty
 * @param protection {@code PROT_READ} 1, {@code PROT_WRITE} 2, {@code PROT_EXEC} 4
 * @param flags {@code CKPT_VMA_*} bits
 * @param shareId shared anonymous memory: equal for mappings of one object, from 1; files: 1 + index of the memory file; else 0
 * @param fileOffset bytes into the file or shared object
 * @param name path, or {@code [heap]}, {@code [stack]}, {@code [anon:...]}; may be empty
 * @param fileSize bytes of the mapped file at capture, 0 when not known
 * @param fileBirthNs when the mapped file was made, 0 when not known
 * @param extents by address, inside the range, not overlapping
 */
public record Mapping(
        ByteRange range,
        MappingKind kind,
        int protection,
        int flags,
        int shareId,
        long fileOffset,
        long inode,
        int deviceMajor,
        int deviceMinor,
        NativeText name,
        long fileSize,
        long fileMtimeNs,
        long fileBirthNs,
        List<Extent> extents) {

    public static final int READ = 1;
    public static final int WRITE = 2;
    public static final int EXECUTE = 4;

    public Mapping {
        extents = ExtentList.copyOf(extents);
        Checks.check(range.isAligned(Checks.PAGE_SIZE), "mapping start or end", range.start() | range.end());
        Checks.check(!range.isEmpty() && range.end() <= Checks.ADDRESS_LIMIT, "mapping end", range.end());
        Checks.check((protection & ~(READ | WRITE | EXECUTE)) == 0, "protection", protection);
        Checks.pageAligned("file offset of the mapping", fileOffset);
        Checks.check(fileOffset <= Long.MAX_VALUE - range.lengthBytes(), "file offset of the mapping", fileOffset);
        Checks.notNegative("size of the mapped file", fileSize);
        boolean file = kind == MappingKind.PRIVATE_FILE || kind == MappingKind.SHARED_FILE;
        boolean sharedAnonymous = kind == MappingKind.SHARED_ANONYMOUS;
        boolean valid = sharedAnonymous ? shareId > 0 : file ? shareId >= 0 : shareId == 0;
        Checks.check(valid, "share id of a mapping of kind " + kind, shareId);
        long free = range.start();
        for (Extent extent : extents) {
            Checks.check(extent.address() >= free && extent.range().end() <= range.end(), "extent address", extent.address());
            free = extent.range().end();
        }
    }

    /** A mapping of which it is not known when its file was made. */
    public Mapping(
            ByteRange range,
            MappingKind kind,
            int protection,
            int flags,
            int shareId,
            long fileOffset,
            long inode,
            int deviceMajor,
            int deviceMinor,
            NativeText name,
            long fileSize,
            long fileMtimeNs,
            List<Extent> extents) {
        this(
                range,
                kind,
                protection,
                flags,
                shareId,
                fileOffset,
                inode,
                deviceMajor,
                deviceMinor,
                name,
                fileSize,
                fileMtimeNs,
                0,
                extents);
    }

    /**
     * Returns a part of it, or all of it, with other extents.
     *
     * @param partExtents by address, inside the part
     */
    public Mapping part(ByteRange part, List<Extent> partExtents) {
        return new Mapping(
                part,
                kind,
                protection,
                flags,
                shareId,
                fileOffset + (part.start() - range.start()),
                inode,
                deviceMajor,
                deviceMinor,
                name,
                fileSize,
                fileMtimeNs,
                fileBirthNs,
                partExtents);
    }

    /** Returns whether all of these {@code CKPT_VMA_*} bits are set. */
    public boolean hasFlags(int bits) {
        return (flags & bits) == bits;
    }

    /** Returns whether this is the main thread's stack. */
    public boolean isStack() {
        return hasFlags(CheckpointLayout.VMA_STACK);
    }

    /** Returns whether this is the brk heap. */
    public boolean isHeap() {
        return hasFlags(CheckpointLayout.VMA_HEAP);
    }

    /** Returns whether a file stands behind it. */
    public boolean isFile() {
        return kind == MappingKind.PRIVATE_FILE || kind == MappingKind.SHARED_FILE;
    }

    /** Returns whether it shows one of {@link Checkpoint#memoryFiles()}; its extents are then only what is its own. */
    public boolean hasMemoryFile() {
        return isFile() && shareId > 0;
    }

    /**
     * Returns the index of that memory file.
     *
     * @throws IllegalStateException if there is none
     */
    public int memoryFile() {
        if (!hasMemoryFile()) {
            throw new IllegalStateException("memory at " + range + " shows no memory file");
        }
        return shareId - 1;
    }

    /** Returns whether writes are seen by others who map the same object. */
    public boolean isShared() {
        return kind == MappingKind.SHARED_ANONYMOUS || kind == MappingKind.SHARED_FILE;
    }

    /** Returns the bytes that the checkpoint holds for it. */
    public long storedBytes() {
        return extents.stream().filter(Extent::hasBytes).mapToLong(Extent::lengthBytes).sum();
    }
}
