// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A part of a file as a stream; several may read one channel at once. */
final class FileBytes extends InputStream {

    private final FileChannel channel;
    private long position;
    private long left;

    FileBytes(FileChannel channel, long position, long bytes) {
        this.channel = channel;
        this.position = position;
        this.left = bytes;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int count = channel.read(ByteBuffer.wrap(target, offset, (int) Math.min(length, left)), position);
        if (count < 0) {
            throw new EOFException("the file ended at byte " + position + " while it was being read");
        }
        position += count;
        left -= count;
        return count;
    }
}
