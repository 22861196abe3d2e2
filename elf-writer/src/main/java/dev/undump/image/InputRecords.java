// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.PlannedInput;
import java.nio.ByteBuffer;

/** Inputs as {@code struct image_input}. */
public final class InputRecords {

    private InputRecords() {}

    /** Writes one and returns its size. */
    static int write(ByteBuffer buffer, int at, long path, PlannedInput input) {
        buffer.putLong(at + ImageLayout.Input.PATH, path);
        buffer.putInt(at + ImageLayout.Input.KIND, input.kind().code());
        buffer.put(at + ImageLayout.Input.DIGEST, input.digest().toArray());
        writeStamp(buffer, at, input.stamp());
        return ImageLayout.Input.SIZE_BYTES;
    }

    /** Writes what an unchanged file is like. */
    static void writeStamp(ByteBuffer buffer, int at, FileStamp stamp) {
        buffer.putInt(at + ImageLayout.Input.MODE, stamp.mode());
        buffer.putLong(at + ImageLayout.Input.SIZE, stamp.sizeBytes());
        buffer.putLong(at + ImageLayout.Input.INODE, stamp.inode());
        buffer.putLong(at + ImageLayout.Input.MTIME_NS, stamp.mtimeNs());
        buffer.putLong(at + ImageLayout.Input.CTIME_NS, stamp.ctimeNs());
    }

    /**
     * Reads one.
     *
     * @param buffer little-endian
     * @param at where it stands in the buffer
     * @param path its path, read already
     * @throws IllegalArgumentException if it makes no sense
     */
    public static PlannedInput read(ByteBuffer buffer, int at, NativeText path) {
        byte[] digest = new byte[ImageLayout.Input.DIGEST_BYTES];
        buffer.get(at + ImageLayout.Input.DIGEST, digest);
        FileStamp stamp = new FileStamp(
                buffer.getInt(at + ImageLayout.Input.MODE),
                buffer.getLong(at + ImageLayout.Input.SIZE),
                buffer.getLong(at + ImageLayout.Input.INODE),
                buffer.getLong(at + ImageLayout.Input.MTIME_NS),
                buffer.getLong(at + ImageLayout.Input.CTIME_NS));
        return new PlannedInput(
                path, InputKind.ofCode(buffer.getInt(at + ImageLayout.Input.KIND)), stamp, Bytes.copyOf(digest));
    }
}
