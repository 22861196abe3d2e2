// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import net.fornwall.jelf.BackingFile;

/** An open file of any size for the ELF library, whose own way of reading ends at 2 GiB. */
final class ChannelFile implements BackingFile {

    private static final int BUFFER_BYTES = 4096;

    private final FileChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    private long bufferEnd;

    ChannelFile(FileChannel channel) {
        this.channel = channel;
    }

    @Override
    public void seek(long offset) {
        buffer.limit(0);
        bufferEnd = offset;
    }

    @Override
    public void skip(int bytes) {
        seek(bufferEnd - buffer.remaining() + bytes);
    }

    @Override
    public short readUnsignedByte() {
        if (!fill()) {
            throw new IllegalArgumentException("it ends at byte " + bufferEnd);
        }
        return (short) (buffer.get() & 0xff);
    }

    @Override
    public int read(byte[] target) {
        int done = 0;
        while (done < target.length && fill()) {
            int count = Math.min(buffer.remaining(), target.length - done);
            buffer.get(target, done, count);
            done += count;
        }
        return done;
    }

    private boolean fill() {
        if (buffer.hasRemaining()) {
            return true;
        }
        try {
            int count = channel.read(buffer.clear(), bufferEnd);
            buffer.flip();
            bufferEnd += Math.max(count, 0);
            return count > 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
