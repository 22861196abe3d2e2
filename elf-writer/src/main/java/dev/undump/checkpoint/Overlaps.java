// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.Arrays;
import java.util.Collection;

/** Finds whether ranges overlap; keeps bare numbers, because there may be millions. */
final class Overlaps {

    private static final int FIRST_ROOM = 64;

    private long[] starts = new long[FIRST_ROOM];
    private long[] ends = new long[FIRST_ROOM];
    private int count;

    /** Returns whether any two ranges have a byte in common; empty ranges never have. */
    static boolean exist(Collection<ByteRange> ranges) {
        Overlaps overlaps = new Overlaps();
        ranges.forEach(overlaps::add);
        return overlaps.exist();
    }

    void add(ByteRange range) {
        if (range.isEmpty()) {
            return;
        }
        if (count == starts.length) {
            starts = Arrays.copyOf(starts, count + count / 2);
            ends = Arrays.copyOf(ends, count + count / 2);
        }
        starts[count] = range.start();
        ends[count] = range.end();
        count++;
    }

    /**
     * Returns whether any two of the added ranges have a byte in common; changes their order.
     *
     * <p>Starts and ends are sorted separately: exactly when no byte is covered twice does every range end before the next
     * one, in order, starts.
     */
    boolean exist() {
        Arrays.sort(starts, 0, count);
        Arrays.sort(ends, 0, count);
        for (int i = 1; i < count; i++) {
            if (starts[i] < ends[i - 1]) {
                return true;
            }
        }
        return false;
    }
}
