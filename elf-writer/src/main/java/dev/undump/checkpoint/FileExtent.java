// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Consecutive bytes of a memory file; what no extent covers is a hole.
 *
 * @param offset into the file, page aligned
 * @param lengthBytes page aligned, not zero
 * @param fileOffset where the bytes stand in the checkpoint, page aligned
 * @param crc CRC-32C of the bytes
 */
public record FileExtent(long offset, long lengthBytes, long fileOffset, int crc) {

    public FileExtent {
        Checks.pageAligned("offset of the file extent", offset);
        Checks.pageAligned("length of the file extent", lengthBytes);
        Checks.pageAligned("place of the file extent", fileOffset);
        Checks.check(lengthBytes > 0 && lengthBytes <= Long.MAX_VALUE - offset, "length of the file extent", lengthBytes);
        Checks.check(fileOffset > 0 && fileOffset <= Long.MAX_VALUE - lengthBytes, "place of the file extent", fileOffset);
    }

    /** Returns the bytes of the memory file. */
    public ByteRange range() {
        return ByteRange.ofLength(offset, lengthBytes);
    }

    /** Returns where they stand in the checkpoint. */
    public ByteRange fileRange() {
        return ByteRange.ofLength(fileOffset, lengthBytes);
    }
}
