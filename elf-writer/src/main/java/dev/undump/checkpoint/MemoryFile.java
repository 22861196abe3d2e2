// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;

/**
 * A file that exists only in memory (memfd_create), with what it holds.
 *
 * @param sizeBytes size of the file
 * @param seals {@code F_SEAL_*} bits
 * @param mode {@code st_mode}; 0 when not known
 * @param name what memfd_create was given
 * @param extents by offset, not overlapping, none beyond the page in which the file ends
 */
public record MemoryFile(
        long inode,
        int deviceMajor,
        int deviceMinor,
        long sizeBytes,
        int seals,
        int mode,
        NativeText name,
        List<FileExtent> extents) {

    public MemoryFile {
        extents = List.copyOf(extents);
        Checks.check(sizeBytes >= 0 && sizeBytes <= Long.MAX_VALUE - Checks.PAGE_SIZE, "size of a memory file", sizeBytes);
        long pages = (sizeBytes + Checks.PAGE_SIZE - 1) / Checks.PAGE_SIZE * Checks.PAGE_SIZE;
        long free = 0;
        for (FileExtent extent : extents) {
            Checks.check(extent.offset() >= free && extent.range().end() <= pages, "offset of the file extent", extent.offset());
            free = extent.range().end();
        }
    }

    /** Returns the bytes that the checkpoint holds of it. */
    public long storedBytes() {
        return extents.stream().mapToLong(FileExtent::lengthBytes).sum();
    }
}
