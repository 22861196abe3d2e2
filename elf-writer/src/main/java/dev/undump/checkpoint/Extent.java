// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Consecutive pages of a mapping of which something is to be said; pages that no extent covers read as zero.
 *
 * @param address page aligned
 * @param lengthBytes page aligned, not zero
 * @param fileOffset where the bytes stand in the checkpoint, page aligned; 0 when the kind has none
 * @param crc CRC-32C of the bytes; 0 when the kind has none
 */
public record Extent(long address, long lengthBytes, long fileOffset, ExtentKind kind, int crc) {

    public Extent {
        Checks.address("extent address", address);
        Checks.pageAligned("extent address", address);
        Checks.pageAligned("extent length", lengthBytes);
        Checks.check(lengthBytes > 0 && lengthBytes <= Checks.ADDRESS_LIMIT - address, "extent length", lengthBytes);
        Checks.pageAligned("extent file offset", fileOffset);
        boolean stored = kind == ExtentKind.PRIVATE || kind == ExtentKind.FILE;
        Checks.check(stored || fileOffset == 0, "file offset of an extent without bytes", fileOffset);
        Checks.check(stored || crc == 0, "checksum of an extent without bytes", crc);
    }

    /** Returns whether the checkpoint holds bytes for it. */
    public boolean hasBytes() {
        return kind == ExtentKind.PRIVATE || kind == ExtentKind.FILE;
    }

    /** Returns its addresses. */
    public ByteRange range() {
        return ByteRange.ofLength(address, lengthBytes);
    }

    /** Returns where its bytes stand in the checkpoint; empty range at 0 when it has none. */
    public ByteRange fileRange() {
        return hasBytes() ? ByteRange.ofLength(fileOffset, lengthBytes) : new ByteRange(0, 0);
    }
}
