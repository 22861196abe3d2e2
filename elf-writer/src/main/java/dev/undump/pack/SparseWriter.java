// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import dev.undump.image.NewFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Writes one part of a file that is all hole, without the pages that are all zero. */
final class SparseWriter {

    static final int PIECE_BYTES = 128 << 10;

    private static final int PAGE = 4096;
    private static final byte[] ZEROS = new byte[PAGE];

    private final NewFile file;
    private final byte[] piece = new byte[PIECE_BYTES];
    private long position;

    /** Writes from a position on, which is page aligned. */
    SparseWriter(NewFile file, long position) {
        this.file = file;
        this.position = position;
    }

    /** What is to be written next is put here. */
    byte[] piece() {
        return piece;
    }

    /** Writes the first bytes of the piece; all pieces but the last are full. */
    void write(int count) throws IOException {
        int start = 0;
        while (start < count) {
            if (isZero(start, count)) {
                start += PAGE;
                continue;
            }
            int end = start + PAGE;
            while (end < count && !isZero(end, count)) {
                end += PAGE;
            }
            int bytes = Math.min(end, count) - start;
            file.write(ByteBuffer.wrap(piece, start, bytes), position + start);
            start = end;
        }
        position += count;
    }

    private boolean isZero(int start, int count) {
        int end = Math.min(start + PAGE, count);
        return Arrays.mismatch(piece, start, end, ZEROS, 0, end - start) < 0;
    }
}
