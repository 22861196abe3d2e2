// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.util.Arrays;

/**
 * Finds the bytes of {@code syscall} and {@code int $0x80}, whatever they are part of. {@code sysenter} needs no look: in a 64-bit
 * program AMD's processors refuse it, and with Intel's the kernel returns to a place that only 32-bit programs have
 * (arch/x86/entry/entry_64_compat.S).
 */
final class CallPatterns {

    private static final int PIECE = 256 << 10;

    /** Bytes that a pattern has at either place. */
    private static final boolean[] CANDIDATES = new boolean[256];

    static {
        for (int candidate : new int[] {0x0f, 0x05, 0xcd, 0x80}) {
            CANDIDATES[candidate] = true;
        }
    }

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
        boolean[] candidates = CANDIDATES;
        int last = bytes.length - 1;
        // Every second byte is enough: each pattern has one of its two bytes there. All bytes of code pass through here.
        for (int i = 1; i <= last; i += 2) {
            if (candidates[bytes[i] & 0xff]) {
                check(bytes, i - 1, base);
                if (i < last) {
                    check(bytes, i, base);
                }
            }
        }
    }

    private void check(byte[] bytes, int i, long base) {
        byte second = bytes[i + 1];
        boolean matches = bytes[i] == 0x0f && second == 0x05 || bytes[i] == (byte) 0xcd && second == (byte) 0x80;
        if (matches) {
            if (count == found.length) {
                found = Arrays.copyOf(found, 2 * count);
            }
            found[count++] = base + i;
        }
    }
}
