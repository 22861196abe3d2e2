// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Extent;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Cuts extents to address ranges. The checksum of a part is not known: it is that of the whole. */
final class Extents {

    private Extents() {}

    /**
     * Returns the stored parts of extents inside a range, in order.
     *
     * @param extents by address
     */
    static Stream<Extent> inside(List<Extent> extents, ByteRange range) {
        int first = ByteRange.firstEndingBehind(extents, Extent::range, range.start());
        return IntStream.range(first, extents.size())
                .mapToObj(extents::get)
                .takeWhile(extent -> extent.address() < range.end())
                .filter(Extent::hasBytes)
                .map(extent -> cut(extent, range));
    }

    /** Returns the part of an extent inside a range that overlaps it. */
    static Extent cut(Extent extent, ByteRange range) {
        if (range.contains(extent.range())) {
            return extent;
        }
        long start = Math.max(extent.address(), range.start());
        long end = Math.min(extent.range().end(), range.end());
        long fileOffset = extent.hasBytes() ? extent.fileOffset() + (start - extent.address()) : 0;
        return new Extent(start, end - start, fileOffset, extent.kind(), extent.crc());
    }
}
