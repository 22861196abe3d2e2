// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;
import java.util.function.Function;

/**
 * A half-open range of addresses or file offsets.
 *
 * @param start first byte, not negative
 * @param end first byte behind the range, not less than {@code start}
 */
public record ByteRange(long start, long end) implements Comparable<ByteRange> {

    public ByteRange {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("range ends before it starts: " + format(start) + "-" + format(end));
        }
    }

    /**
     * Makes a range from its length.
     *
     * @throws IllegalArgumentException if start or length is negative or their sum exceeds 63 bits
     */
    public static ByteRange ofLength(long start, long lengthBytes) {
        if (start < 0 || lengthBytes < 0 || lengthBytes > Long.MAX_VALUE - start) {
            throw new IllegalArgumentException(
                    "range of " + Long.toUnsignedString(lengthBytes) + " bytes at " + format(start) + " does not exist");
        }
        return new ByteRange(start, start + lengthBytes);
    }

    /**
     * Returns the index of the first element that ends behind a position, or their number if none does.
     *
     * @param ascending without overlaps
     */
    public static <T> int firstEndingBehind(List<T> ascending, Function<? super T, ByteRange> rangeOf, long position) {
        int low = 0;
        int high = ascending.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (rangeOf.apply(ascending.get(middle)).end <= position) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Returns the length in bytes. */
    public long lengthBytes() {
        return end - start;
    }

    /** Returns whether the range has no byte. */
    public boolean isEmpty() {
        return start == end;
    }

    /** Returns whether the byte at this address is inside. */
    public boolean contains(long address) {
        return address >= start && address < end;
    }

    /** Returns whether all of the other range is inside. */
    public boolean contains(ByteRange other) {
        return other.start >= start && other.end <= end;
    }

    /** Returns whether both have a byte in common. */
    public boolean overlaps(ByteRange other) {
        return start < other.end && other.start < end && !isEmpty() && !other.isEmpty();
    }

    /** Returns whether start and end are multiples of a power of two. */
    public boolean isAligned(long alignmentBytes) {
        return ((start | end) & (alignmentBytes - 1)) == 0;
    }

    /** Orders by start, then by end. */
    @Override
    public int compareTo(ByteRange other) {
        int byStart = Long.compare(start, other.start);
        return byStart != 0 ? byStart : Long.compare(end, other.end);
    }

    /** Returns a form like {@code 0x7f0000-0x7f1000}. */
    @Override
    public String toString() {
        return format(start) + "-" + format(end);
    }

    /** Returns an address as {@code 0x…}, unsigned. */
    public static String format(long address) {
        return "0x" + Long.toHexString(address);
    }
}
