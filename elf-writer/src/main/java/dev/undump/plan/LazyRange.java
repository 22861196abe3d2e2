// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A lazy mapping as the handler of intercepted calls knows it, {@code struct image_lazy_range}.
 *
 * @param range page-aligned addresses
 * @param firstPage number of its first bit in the bitmap of pages
 * @param flags {@code MAP_NORESERVE} and {@code IMAGE_LAZY_DONTFORK}, as the program's mapping had them
 */
public record LazyRange(ByteRange range, long firstPage, int flags) {

    private static final long PAGE = 4096;

    /** Returns the ranges of all lazy steps, by address. */
    static List<LazyRange> of(List<MemoryOp> steps) {
        List<MemoryOp> lazy = steps.stream()
                .filter(step -> step.kind() == MemoryOp.Kind.LAZY)
                .sorted(Comparator.comparing(MemoryOp::range))
                .toList();
        List<LazyRange> ranges = new ArrayList<>(lazy.size());
        long page = 0;
        for (MemoryOp step : lazy) {
            ranges.add(new LazyRange(step.range(), page, step.argument()));
            page += step.range().lengthBytes() / PAGE;
        }
        return ranges;
    }
}
