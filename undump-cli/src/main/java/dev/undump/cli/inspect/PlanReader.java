// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Reads tables and strings of the plan in an image.
 *
 * @param plan where it stands in the file
 * @param head its first bytes
 */
record PlanReader(Path file, FileChannel channel, ByteRange plan, ByteBuffer head) {

    /** No table for showing is longer. */
    private static final long LONGEST_TABLE = 1 << 28;

    /** Paths and variables are shorter, mostly; a longer one is cut. */
    private static final int LONGEST_STRING = 16384;

    /**
     * Reads a whole table.
     *
     * @param field offset of the table in the head
     * @throws IOException if it does not lie inside the plan
     */
    ByteBuffer table(int field, int recordSize, String what) throws IOException {
        long offset = head.getLong(field + ImageLayout.Table.OFFSET);
        long count = head.getLong(field + ImageLayout.Table.COUNT);
        boolean inside = offset >= 0
                && offset <= plan.lengthBytes()
                && count >= 0
                && count <= Math.min(plan.lengthBytes() - offset, LONGEST_TABLE) / recordSize;
        if (!inside) {
            throw ImageSummary.damaged(file, count + " " + what + " at " + offset + " are not inside its plan", null);
        }
        return ImageSummary.read(channel, plan.start() + offset, (int) count * recordSize);
    }

    /** Returns a zero-terminated string; empty at offset 0, and where there can be none. */
    NativeText string(long offset) throws IOException {
        if (offset <= 0 || offset >= plan.lengthBytes()) {
            return NativeText.EMPTY;
        }
        int room = (int) Math.min(LONGEST_STRING, plan.lengthBytes() - offset);
        byte[] bytes = ImageSummary.read(channel, plan.start() + offset, room).array();
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return NativeText.copyOf(Arrays.copyOf(bytes, length));
    }
}
