// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** Understands the first bytes of a file, or of a summary inside a file. */
final class HeaderParser {

    /** An index beyond this is not the work of capture: it would describe some ten million pieces of memory. */
    private static final long MAX_INDEX_BYTES = 512L << 20;

    private static final byte[] MAGIC = CheckpointLayout.MAGIC.getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer raw;
    private final long base;
    private final long available;
    private final Faults faults;

    /**
     * @param raw the first bytes, little-endian, as many as there are up to the size of a header
     * @param base where they stand in the file
     * @param available bytes that there are from {@code base} on
     */
    HeaderParser(ByteBuffer raw, long base, long available, Faults faults) {
        this.raw = raw;
        this.base = base;
        this.available = available;
        this.faults = faults;
    }

    /** What the header says, with what only the reader needs. */
    record Parsed(CheckpointHeader header, int indexCrc, int sectionCount) {}

    Parsed parse() throws CheckpointException {
        checkMagic();
        checkVersion();
        if (raw.limit() < Header.SIZE_BYTES) {
            throw faults.truncated(base + available, base + Header.SIZE_BYTES);
        }
        require(raw.getInt(Header.HEADER_SIZE) == Header.SIZE_BYTES, Header.HEADER_SIZE, "header size");
        checkCrc();
        checkConstants();
        CheckpointHeader header = fields();
        return new Parsed(header, raw.getInt(Header.INDEX_CRC), raw.getInt(Header.SECTION_COUNT));
    }

    private void checkMagic() throws CheckpointException {
        if (available == 0) {
            throw faults.notACheckpoint("it is empty");
        }
        for (int i = 0; i < Math.min(MAGIC.length, raw.limit()); i++) {
            if (raw.get(i) != MAGIC[i]) {
                throw faults.notACheckpoint("it is not a checkpoint: it does not begin with " + CheckpointLayout.MAGIC);
            }
        }
    }

    private void checkVersion() throws CheckpointException {
        if (raw.limit() < Header.VERSION + Integer.BYTES) {
            throw faults.truncated(base + available, base + Header.SIZE_BYTES);
        }
        int version = raw.getInt(Header.VERSION);
        if (Integer.compareUnsigned(version, CheckpointLayout.OLDEST_VERSION) < 0) {
            throw faults.tooOld(version);
        }
        if (Integer.compareUnsigned(version, CheckpointLayout.VERSION) > 0) {
            throw faults.tooNew(version);
        }
    }

    private void checkCrc() throws CheckpointException {
        byte[] bytes = new byte[Header.SIZE_BYTES];
        raw.duplicate().position(0).get(bytes);
        ByteBuffer.wrap(bytes).putInt(Header.HEADER_CRC, 0);
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length);
        int stated = raw.getInt(Header.HEADER_CRC);
        if ((int) crc.getValue() != stated) {
            throw faults.damagedChecksum(base + Header.HEADER_CRC, "the header", (int) crc.getValue(), stated);
        }
    }

    private void checkConstants() throws CheckpointException {
        require(raw.getInt(Header.PAGE_SIZE) == CheckpointLayout.PAGE_SIZE, Header.PAGE_SIZE, "page size");
        require(raw.getInt(Header.ARCH) == CheckpointLayout.ARCH_X86_64, Header.ARCH, "architecture");
        require(raw.getInt(Header.RESERVED0) == 0, Header.RESERVED0, "reserved field");
        for (int i = 0; i < Header.RESERVED_BYTES; i += Integer.BYTES) {
            require(raw.getInt(Header.RESERVED + i) == 0, Header.RESERVED + i, "reserved field");
        }
    }

    private CheckpointHeader fields() throws CheckpointException {
        ByteRange data = range(Header.DATA_OFFSET, Header.DATA_SIZE);
        ByteRange index = range(Header.INDEX_OFFSET, Header.INDEX_SIZE);
        long totalSize = raw.getLong(Header.TOTAL_SIZE);
        require(data.isAligned(CheckpointLayout.PAGE_SIZE), Header.DATA_OFFSET, "offset or size of the data");
        require(data.start() >= Header.SIZE_BYTES, Header.DATA_OFFSET, "offset of the data");
        require(index.start() % CheckpointLayout.PAGE_SIZE == 0, Header.INDEX_OFFSET, "offset of the index");
        require(index.start() >= data.end(), Header.INDEX_OFFSET, "offset of the index");
        require(index.end() == totalSize, Header.INDEX_SIZE, "size of the index");
        require(index.lengthBytes() <= MAX_INDEX_BYTES, Header.INDEX_SIZE, "size of the index");
        // The id is bytes; two big-endian halves keep their order.
        ByteBuffer bytes = raw.duplicate().order(ByteOrder.BIG_ENDIAN);
        CheckpointId id = new CheckpointId(bytes.getLong(Header.ID), bytes.getLong(Header.ID + Long.BYTES));
        return new CheckpointHeader(raw.getInt(Header.VERSION), totalSize, data, index, id);
    }

    private ByteRange range(int offsetField, int sizeField) throws CheckpointException {
        try {
            return ByteRange.ofLength(raw.getLong(offsetField), raw.getLong(sizeField));
        } catch (IllegalArgumentException e) {
            throw faults.damaged(base + offsetField, e.getMessage(), e);
        }
    }

    private void require(boolean valid, int field, String name) throws CheckpointException {
        if (!valid) {
            throw faults.damaged(base + field, "the " + name + " in the header is wrong");
        }
    }
}
