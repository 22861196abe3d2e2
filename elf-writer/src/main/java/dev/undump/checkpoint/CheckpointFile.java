// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout.Header;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.zip.CRC32C;

/** Header and index of one file, read into memory and proven to be what was written; their meaning is decoded later. */
final class CheckpointFile {

    private final Faults faults;
    private final HeaderParser.Parsed parsed;
    private final ByteBuffer index;

    private CheckpointFile(Faults faults, HeaderParser.Parsed parsed, ByteBuffer index) {
        this.faults = faults;
        this.parsed = parsed;
        this.index = index;
    }

    /** Opens a regular file; others, such as a FIFO, could block or never end. */
    static FileChannel open(Path path, Faults faults) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (attributes.isDirectory()) {
            throw faults.unreadable("it is a directory");
        }
        if (!attributes.isRegularFile()) {
            throw faults.unreadable("it is not a regular file");
        }
        return FileChannel.open(path, StandardOpenOption.READ);
    }

    /** Reads a file that is a checkpoint from its first to its last byte. */
    static CheckpointFile whole(FileChannel channel, Faults faults) throws IOException {
        long size = channel.size();
        HeaderParser.Parsed parsed = header(channel, 0, size, faults);
        long stated = parsed.header().totalSize();
        if (stated > size) {
            throw faults.truncated(size, stated);
        }
        if (stated < size) {
            throw faults.damaged(stated, "the file goes on for " + (size - stated) + " bytes behind its end");
        }
        return new CheckpointFile(
                faults, parsed, index(channel, parsed, parsed.header().index().start(), faults));
    }

    /** Reads header and index that stand one behind the other. */
    static CheckpointFile summary(FileChannel channel, Faults faults, long position, long length) throws IOException {
        if (position < 0 || length < 0 || length > channel.size() - position) {
            throw faults.truncated(channel.size(), Math.max(0, position) + Math.max(0, length));
        }
        HeaderParser.Parsed parsed = header(channel, position, length, faults);
        long stated = Header.SIZE_BYTES + parsed.header().index().lengthBytes();
        if (stated > length) {
            throw faults.truncated(length, stated);
        }
        if (stated < length) {
            throw faults.damaged(position + stated, "the summary goes on for " + (length - stated) + " bytes behind its end");
        }
        return new CheckpointFile(faults, parsed, index(channel, parsed, position + Header.SIZE_BYTES, faults));
    }

    /** Checks that an open file still begins with the header that a checkpoint was read from. */
    static void requireId(FileChannel channel, Checkpoint checkpoint) throws IOException {
        Faults faults = new Faults("reading memory from", checkpoint.file());
        if (!header(channel, 0, channel.size(), faults).header().equals(checkpoint.header())) {
            throw faults.unreadable("it was replaced by another checkpoint after it had been read");
        }
    }

    /** Copies a range of a file; the target gets all of it or an exception is thrown. */
    static void transfer(FileChannel source, ByteRange range, WritableByteChannel target) throws IOException {
        long position = range.start();
        while (position < range.end()) {
            long count = source.transferTo(position, range.end() - position, target);
            if (count <= 0) {
                throw new EOFException("the checkpoint ended at byte " + position + " while it was being read");
            }
            position += count;
        }
    }

    /** Fills a buffer from a position; an early end of the file is an {@link EOFException}. */
    static void readFully(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
        long next = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, next);
            if (count < 0) {
                throw new EOFException("the checkpoint ended at byte " + next + " while it was being read");
            }
            next += count;
        }
    }

    /** Decodes the records and checks how they refer to each other. */
    Checkpoint checkpoint() throws CheckpointException {
        CheckpointHeader header = parsed.header();
        SectionTable sections = SectionTable.parse(index, header.index(), parsed.sectionCount(), faults);
        Checkpoint checkpoint = new CheckpointDecoder(header, sections, faults).decode();
        new CrossChecks(checkpoint, faults).check();
        return checkpoint;
    }

    private static HeaderParser.Parsed header(FileChannel channel, long base, long available, Faults faults)
            throws IOException {
        ByteBuffer raw = allocate(Math.min(Header.SIZE_BYTES, available));
        readFully(channel, raw, base);
        return new HeaderParser(raw.flip(), base, available, faults).parse();
    }

    private static ByteBuffer index(FileChannel channel, HeaderParser.Parsed parsed, long position, Faults faults)
            throws IOException {
        ByteBuffer index = allocate(parsed.header().index().lengthBytes());
        readFully(channel, index, position);
        index.flip();
        CRC32C crc = new CRC32C();
        crc.update(index.duplicate());
        if ((int) crc.getValue() != parsed.indexCrc()) {
            throw faults.damagedChecksum(position, "the index", (int) crc.getValue(), parsed.indexCrc());
        }
        return index;
    }

    private static ByteBuffer allocate(long size) {
        return ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
