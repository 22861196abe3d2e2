// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import com.github.luben.zstd.ZstdIOException;
import dev.undump.image.NewFile;
import dev.undump.image.WriteProgress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.Callable;
import java.util.zip.CRC32C;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorInputStream;

/** Decompresses one open file. Threads write their frames where they belong; the digest is that of what stands there then. */
final class Unpacker {

    private static final int AHEAD_OF_DIGEST = 4;
    private static final int PIECE_BYTES = 128 << 10;

    private final FileChannel packed;
    private final PackHeader header;
    private final NewFile original;
    private final PackFaults faults;
    private final Frames frames;
    private final CRC32C framesCrc = new CRC32C();
    private final byte[] piece = new byte[PIECE_BYTES];

    /** Offset of the next frame's prefix. */
    private long position = PackHeader.SIZE_BYTES;

    Unpacker(FileChannel packed, PackHeader header, NewFile original, PackFaults faults) {
        this.packed = packed;
        this.header = header;
        this.original = original;
        this.faults = faults;
        this.frames = header.frames();
    }

    /** Writes all of the original but its name. */
    void unpack(int threads, WriteProgress progress) throws IOException {
        original.setLength(header.originalBytes());
        OrderedDigest digest = new OrderedDigest(original.contents());
        try (InOrder<Boolean> workers = new InOrder<>(threads, threads + AHEAD_OF_DIGEST)) {
            workers.run(frames.count(), number -> nextFrame(number, workers), (number, nothing) -> {
                digest.add(frames.startOf(number), frames.bytesOf(number));
                progress.copied(frames.endOf(number), header.originalBytes());
            });
        }
        if (position != header.packedBytes()) {
            throw faults.damaged(
                    position, (header.packedBytes() - position) + " bytes stand behind the last frame", null);
        }
        String found = digest.finish();
        if (!found.equals(header.sha256())) {
            throw faults.damaged("the SHA-256 of its contents is " + found + ", " + header.sha256() + " was written");
        }
        int crc = (int) framesCrc.getValue();
        if (crc != header.framesCrc()) {
            throw faults.damaged("the checksum of its frames is 0x" + Integer.toHexString(crc) + ", 0x"
                    + Integer.toHexString(header.framesCrc()) + " was written");
        }
    }

    private Callable<Boolean> nextFrame(long number, InOrder<Boolean> workers) throws IOException {
        long start = position + FramePrefix.SIZE_BYTES;
        if (start > header.packedBytes()) {
            throw faults.damaged(position, "frame " + number + " of " + frames.count() + " is missing", null);
        }
        ByteBuffer prefix = ByteBuffer.allocate(FramePrefix.SIZE_BYTES);
        new FileBytes(packed, position, FramePrefix.SIZE_BYTES).readNBytes(prefix.array(), 0, FramePrefix.SIZE_BYTES);
        framesCrc.update(prefix.array());
        long bytes = FramePrefix.decode(prefix, position, faults);
        if (bytes > header.packedBytes() - start) {
            throw faults.damaged(
                    position,
                    "frame " + number + " has " + bytes + " bytes, " + (header.packedBytes() - start) + " are there",
                    null);
        }
        addToCrc(new FileBytes(packed, start, bytes));
        position = start + bytes;
        return () -> {
            expand(number, new FileBytes(packed, start, bytes), start, workers);
            return true;
        };
    }

    private void addToCrc(InputStream frame) throws IOException {
        int count;
        while ((count = frame.read(piece)) >= 0) {
            framesCrc.update(piece, 0, count);
        }
    }

    private void expand(long number, InputStream frame, long offset, InOrder<Boolean> workers) throws IOException {
        SparseWriter writer = new SparseWriter(original, frames.startOf(number));
        int expected = frames.bytesOf(number);
        int found = 0;
        try (InputStream in = new ZstdCompressorInputStream(frame)) {
            int count;
            while ((count = in.readNBytes(writer.piece(), 0, SparseWriter.PIECE_BYTES)) > 0) {
                workers.checkStopped();
                found += count;
                if (found > expected) {
                    break;
                }
                writer.write(count);
            }
        } catch (ZstdIOException e) {
            throw faults.damaged(offset, "frame " + number + " cannot be decompressed: " + e.getMessage(), e);
        }
        if (found != expected) {
            throw faults.damaged(
                    offset, "frame " + number + " holds " + (found > expected ? "more than " : found + " of ") + expected + " bytes", null);
        }
    }
}
