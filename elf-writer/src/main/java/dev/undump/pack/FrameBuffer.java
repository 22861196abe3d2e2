// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Takes one compressed frame. It never grows, and is used again and again, so that the heap does not depend on the file. */
final class FrameBuffer extends OutputStream {

    private final ByteBuffer bytes;

    /** Makes room for what zstd makes of so many bytes at worst: raw blocks of 128 KiB with 3 bytes each, and its frame. */
    FrameBuffer(int frameBytes) {
        this.bytes = ByteBuffer.allocate(frameBytes + frameBytes / 1024 + 1024);
    }

    @Override
    public void write(int oneByte) {
        bytes.put((byte) oneByte);
    }

    @Override
    public void write(byte[] source, int offset, int length) {
        bytes.put(source, offset, length);
    }

    /** Returns what was written, for one reading. */
    ByteBuffer contents() {
        return bytes.duplicate().flip();
    }

    void empty() {
        bytes.clear();
    }
}
