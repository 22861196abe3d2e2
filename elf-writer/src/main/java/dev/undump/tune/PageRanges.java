// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Bytes of a file as ranges of whole pages, ascending, neither overlapping nor touching.
 *
 * @param ranges half-open
 */
record PageRanges(List<PageRanges.Range> ranges) {

    static final PageRanges NONE = new PageRanges(List.of());

    /** Image offsets, half-open. */
    record Range(long start, long end) {
        Range {
            if (start < 0 || end <= start) {
                throw new IllegalArgumentException("range " + start + " to " + end);
            }
        }

        long length() {
            return end - start;
        }
    }

    PageRanges {
        ranges = List.copyOf(ranges);
    }

    /** Orders and joins ranges; gaps of up to so many bytes between them are filled. */
    static PageRanges of(List<Range> unordered, long gapBytes) {
        List<Range> sorted = new ArrayList<>(unordered);
        sorted.sort(Comparator.comparingLong(Range::start));
        List<Range> joined = new ArrayList<>();
        for (Range range : sorted) {
            Range last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
            if (last != null && range.start() - last.end() <= gapBytes) {
                joined.set(joined.size() - 1, new Range(last.start(), Math.max(last.end(), range.end())));
            } else {
                joined.add(range);
            }
        }
        return new PageRanges(joined);
    }

    long bytes() {
        return ranges.stream().mapToLong(Range::length).sum();
    }

    /** Returns what lies inside other ranges, too. */
    PageRanges intersect(PageRanges others) {
        TreeMap<Long, Range> byStart = new TreeMap<>();
        others.ranges.forEach(range -> byStart.put(range.start(), range));
        List<Range> both = new ArrayList<>();
        for (Range range : ranges) {
            Long from = byStart.floorKey(range.start());
            for (Map.Entry<Long, Range> entry :
                    byStart.tailMap(from == null ? range.start() : from, true).entrySet()) {
                if (entry.getKey() >= range.end()) {
                    break;
                }
                long start = Math.max(range.start(), entry.getValue().start());
                long end = Math.min(range.end(), entry.getValue().end());
                if (start < end) {
                    both.add(new Range(start, end));
                }
            }
        }
        return of(both, 0);
    }

    /** Returns how many bytes of one range there are. */
    long bytesIn(long start, long end) {
        long sum = 0;
        for (Range range : intersect(new PageRanges(List.of(new Range(start, end)))).ranges()) {
            sum += range.length();
        }
        return sum;
    }
}
