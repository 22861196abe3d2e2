// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.util.Arrays;

/** Finds the bytes of {@code syscall}, {@code sysenter} and {@code int $0x80}, whatever they are part of. */
final class CallPatterns {

    private static final int PIECE = 256 << 10;

    private long[] found = new long[256];
    private int count;

    private CallPatterns() {}

    /** Returns the addresses of all, ascending. */
    static long[] find(CodeBytes code) throws IOException {
        CallPatterns patterns = new CallPatterns();
        for (ByteRange run : code.runs()) {
            for (long start = run.start(); start < run.end(); start += PIECE) {
                // One byte more: a pattern may lie across two pieces.
                ByteRange piece = new ByteRange(start, Math.min(run.end(), start + PIECE + 1));
                patterns.scan(code.read(piece), start);
            }
        }
        return Arrays.copyOf(patterns.found, patterns.count);
    }

    private void scan(byte[] bytes, long base) {
        int last = bytes.length - 1;
        for (int i = 0; i < last; i++) {
            byte first = bytes[i];
            // First bytes only: this loop sees every byte of code.
            if (first == 0x0f || first == (byte) 0xcd) {
                check(bytes, i, base);
            }
        }
    }

    private void check(byte[] bytes, int i, long base) {
        byte second = bytes[i + 1];
        boolean matches = bytes[i] == 0x0f ? second == 0x05 || second == 0x34 : second == (byte) 0x80;
        if (matches) {
            if (count == found.length) {
                found = Arrays.copyOf(found, 2 * count);
            }
            found[count++] = base + i;
        }
    }
}
