// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.checkpoint.CheckpointReader.Progress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.HashSet;
import java.util.Set;
import java.util.zip.CRC32C;

/** Compares the checksums of all data, piece by piece through one buffer. */
final class DataVerifier {

    private static final int BUFFER_BYTES = 1 << 20;

    private final FileChannel channel;
    private final Faults faults;
    private final Progress progress;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final Set<ByteRange> verifiedShared = new HashSet<>();
    private long doneBytes;
    private long totalBytes;

    DataVerifier(FileChannel channel, Faults faults, Progress progress) {
        this.channel = channel;
        this.faults = faults;
        this.progress = progress;
    }

    void verify(Checkpoint checkpoint) throws IOException {
        totalBytes = checkpoint.header().data().lengthBytes();
        for (Mapping mapping : checkpoint.mappings()) {
            for (Extent extent : mapping.extents()) {
                if (extent.hasBytes() && (!mapping.isShared() || verifiedShared.add(extent.fileRange()))) {
                    verify(extent.fileRange(), extent.crc(), "the memory at " + ByteRange.format(extent.address()));
                }
            }
        }
        for (MemoryFile file : checkpoint.memoryFiles()) {
            for (FileExtent extent : file.extents()) {
                verify(extent.fileRange(), extent.crc(), "the contents of the memory file " + file.name());
            }
        }
        for (PipeState pipe : checkpoint.pipes()) {
            if (pipe.dataSize() > 0) {
                ByteRange range = ByteRange.ofLength(pipe.dataOffset(), pipe.dataSize());
                verify(range, pipe.crc(), "the contents of pipe " + pipe.inode());
            }
        }
        for (SocketState socket : checkpoint.sockets()) {
            if (socket.dataSize() > 0) {
                ByteRange range = ByteRange.ofLength(socket.dataOffset(), socket.dataSize());
                verify(range, socket.crc(), "what waits in socket " + socket.inode());
            }
        }
        for (OpenFile file : checkpoint.openFiles()) {
            if (file.dataSize() > 0) {
                ByteRange range = ByteRange.ofLength(file.dataOffset(), file.dataSize());
                verify(range, file.dataCrc(), "the contents of the deleted file " + file.path());
            }
        }
        progress.advanced(totalBytes, totalBytes);
    }

    private void verify(ByteRange range, int expected, String what) throws IOException {
        CRC32C crc = new CRC32C();
        long position = range.start();
        while (position < range.end()) {
            buffer.clear().limit((int) Math.min(BUFFER_BYTES, range.end() - position));
            CheckpointFile.readFully(channel, buffer, position);
            position += buffer.flip().limit();
            doneBytes += buffer.limit();
            crc.update(buffer);
            progress.advanced(doneBytes, totalBytes);
        }
        if ((int) crc.getValue() != expected) {
            throw faults.damagedChecksum(range.start(), what, (int) crc.getValue(), expected);
        }
    }
}
