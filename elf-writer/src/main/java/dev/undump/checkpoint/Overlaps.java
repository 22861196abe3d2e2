// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.Arrays;
import java.util.Collection;

/** Finds whether ranges overlap. */
final class Overlaps {

    private Overlaps() {}

    /**
     * Returns whether any two ranges have a byte in common; empty ranges never have.
     *
     * <p>Starts and ends are sorted separately: exactly when no byte is covered twice does every range end before the next
     * one, in order, starts.
     */
    static boolean exist(Collection<ByteRange> ranges) {
        long[] starts = ranges.stream().filter(range -> !range.isEmpty()).mapToLong(ByteRange::start).toArray();
        long[] ends = ranges.stream().filter(range -> !range.isEmpty()).mapToLong(ByteRange::end).toArray();
        Arrays.sort(starts);
        Arrays.sort(ends);
        for (int i = 1; i < starts.length; i++) {
            if (starts[i] < ends[i - 1]) {
                return true;
            }
        }
        return false;
    }
}
