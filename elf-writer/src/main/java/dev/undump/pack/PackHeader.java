// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The first bytes of a packed file: a skippable frame of zstd (RFC 8878, section 3.1.2), which every decompressor passes over.
 *
 * @param kind what is packed
 * @param mode permission bits of the original
 * @param originalBytes size of the original
 * @param packedBytes size of the packed file
 * @param frameBytes bytes of the original in each frame but the last
 * @param sha256 of the original, 64 hexadecimal digits
 * @param framesCrc CRC-32C of all bytes of the packed file behind this header
 */
record PackHeader(
        PackedKind kind, int mode, long originalBytes, long packedBytes, long frameBytes, String sha256, int framesCrc) {

    static final int SIZE_BYTES = 128;
    static final int VERSION = 1;
    static final int OLDEST_VERSION = 1;

    private static final int SKIPPABLE_MAGIC = 0x184d2a5d;
    private static final int SKIPPABLE_HEADER_BYTES = 8;
    private static final byte[] MAGIC = "UNDUMPPK".getBytes(StandardCharsets.US_ASCII);
    private static final int MAGIC_AT = SKIPPABLE_HEADER_BYTES;
    private static final int VERSION_AT = 16;
    private static final int CRC_AT = 20;
    private static final int RESERVED_AT = 96;
    private static final int DIGEST_BYTES = 32;
    private static final int ZSTD_MAGIC = 0xfd2fb528;
    private static final int MODE_BITS = 0777;
    private static final long LARGEST_FRAME = 1 << 30;
    private static final int PAGE = 4096;

    /** Returns whether bytes, at least as many as the header's magic, begin a packed file. */
    static boolean begins(ByteBuffer start) {
        if (start.limit() < MAGIC_AT + MAGIC.length || littleEndian(start).getInt(0) != SKIPPABLE_MAGIC) {
            return false;
        }
        return start.slice(MAGIC_AT, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
    }

    Frames frames() {
        return new Frames(originalBytes, frameBytes);
    }

    ByteBuffer encode() {
        ByteBuffer buffer = littleEndian(ByteBuffer.allocate(SIZE_BYTES));
        buffer.putInt(SKIPPABLE_MAGIC);
        buffer.putInt(SIZE_BYTES - SKIPPABLE_HEADER_BYTES);
        buffer.put(MAGIC);
        buffer.putInt(VERSION);
        buffer.putInt(0);
        buffer.putInt(kind.code());
        buffer.putInt(mode);
        buffer.putLong(originalBytes);
        buffer.putLong(packedBytes);
        buffer.putLong(frameBytes);
        buffer.put(HexFormat.of().parseHex(sha256));
        buffer.putInt(framesCrc);
        return buffer.clear().putInt(CRC_AT, crc(buffer));
    }

    /**
     * Understands a header.
     *
     * @param start the first {@link #SIZE_BYTES} bytes of the file, or all of a shorter one
     * @param fileBytes size of the file
     */
    static PackHeader decode(ByteBuffer start, long fileBytes, PackFaults faults) throws PackException {
        ByteBuffer buffer = littleEndian(start);
        if (!begins(buffer)) {
            throw notPacked(buffer, faults);
        }
        if (buffer.limit() < VERSION_AT + Integer.BYTES) {
            throw faults.truncated(fileBytes, SIZE_BYTES);
        }
        int version = buffer.getInt(VERSION_AT);
        if (Integer.compareUnsigned(version, OLDEST_VERSION) < 0) {
            throw faults.tooOld(version);
        }
        if (Integer.compareUnsigned(version, VERSION) > 0) {
            throw faults.tooNew(version);
        }
        if (buffer.limit() < SIZE_BYTES) {
            throw faults.truncated(fileBytes, SIZE_BYTES);
        }
        int crc = crc(buffer);
        if (crc != buffer.getInt(CRC_AT)) {
            throw faults.damaged(
                    CRC_AT,
                    "the checksum of the header is 0x" + Integer.toHexString(crc) + ", 0x"
                            + Integer.toHexString(buffer.getInt(CRC_AT)) + " was written",
                    null);
        }
        return fields(buffer, fileBytes, faults);
    }

    private static PackHeader fields(ByteBuffer buffer, long fileBytes, PackFaults faults) throws PackException {
        buffer.position(CRC_AT + Integer.BYTES);
        int kindCode = buffer.getInt();
        int mode = buffer.getInt();
        long originalBytes = buffer.getLong();
        long packedBytes = buffer.getLong();
        long frameBytes = buffer.getLong();
        byte[] digest = new byte[DIGEST_BYTES];
        buffer.get(digest);
        int framesCrc = buffer.getInt();
        boolean sound = buffer.getInt() == 0;
        if (packedBytes > fileBytes) {
            throw faults.truncated(fileBytes, packedBytes);
        }
        if (packedBytes < fileBytes) {
            throw faults.damaged(packedBytes, "the file goes on for " + (fileBytes - packedBytes) + " bytes behind its end", null);
        }
        PackedKind kind = PackedKind.ofCode(kindCode)
                .orElseThrow(() -> faults.damaged("its header names the unknown kind " + Integer.toUnsignedString(kindCode)));
        sound &= (mode & ~MODE_BITS) == 0
                && originalBytes > 0
                && frameBytes > 0
                && frameBytes <= LARGEST_FRAME
                && frameBytes % PAGE == 0
                && originalBytes <= Long.MAX_VALUE - frameBytes
                && new Frames(originalBytes, frameBytes).count() <= packedBytes / FramePrefix.SIZE_BYTES;
        for (int at = RESERVED_AT; at < SIZE_BYTES; at += Long.BYTES) {
            sound &= buffer.getLong(at) == 0;
        }
        if (!sound) {
            throw faults.damaged("a number in its header is wrong");
        }
        return new PackHeader(kind, mode, originalBytes, packedBytes, frameBytes, HexFormat.of().formatHex(digest), framesCrc);
    }

    private static PackException notPacked(ByteBuffer start, PackFaults faults) {
        if (start.limit() == 0) {
            return faults.notPacked("it is empty", "give a file that \"undump pack\" wrote");
        }
        if (start.limit() >= Integer.BYTES && start.getInt(0) == ZSTD_MAGIC) {
            return faults.notPacked(
                    "it is compressed by zstd, but not by \"undump pack\"", "\"zstd -d\" decompresses it, without its mode and digest");
        }
        return faults.notPacked("it is not a packed file", "give a file that \"undump pack\" wrote");
    }

    private static int crc(ByteBuffer header) {
        byte[] bytes = new byte[SIZE_BYTES];
        header.duplicate().clear().get(bytes);
        ByteBuffer.wrap(bytes).putInt(CRC_AT, 0);
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static ByteBuffer littleEndian(ByteBuffer buffer) {
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }
}
