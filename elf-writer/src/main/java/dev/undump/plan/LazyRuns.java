// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.BoundMemory;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.MemoryMarks;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Decides which anonymous memory a launch maps from the image instead of reading it: runs of stored pages, with short holes.
 *
 * <p>Reading costs for each page, mapping for each run: small runs are read. Memory whose attributes a file mapping cannot have,
 * or has with another meaning, is read as well.
 */
final class LazyRuns {

    private static final long PAGE = 4096;

    /** Stored bytes from which a run is mapped: less is read faster than mapped and faulted in. */
    static final long LEAST_BYTES = 4 * PAGE;

    /** Lazy bytes from which it pays to rewrite system calls and to keep the record of lazy memory. */
    static final long LEAST_TOTAL = 64 * PAGE;

    /** Pages that are not stored become holes of the image up to this size; a longer gap ends the run. */
    static final long LONGEST_HOLE = 64 << 10;

    /** Half of the default of vm.max_map_count; the other half is the program's and the handler's. */
    private static final long MOST_MAPPINGS = 32_000;

    private static final long MOST_PAGES = ImageLayout.DONE_BITS_LIMIT * Byte.SIZE;

    private static final int NEVER_LAZY = CheckpointLayout.VMA_STACK
            | CheckpointLayout.VMA_GROWSDOWN
            | CheckpointLayout.VMA_WIPEONFORK
            | CheckpointLayout.VMA_DROPPABLE
            | CheckpointLayout.VMA_LOCKED
            | CheckpointLayout.VMA_LOCKED_ON_FAULT
            | CheckpointLayout.VMA_MERGEABLE
            | CheckpointLayout.VMA_SEALED;

    private final List<Mapping> mappings;
    private final List<BoundMemory> bound;
    private final ByteRange heapStart;

    /**
     * Prepares the decision.
     *
     * @param mappings of the program
     * @param marks say where the heap is
     * @param bound memory whose pages have to come from certain nodes, as those of a file do not
     */
    LazyRuns(List<Mapping> mappings, MemoryMarks marks, List<BoundMemory> bound) {
        this.mappings = mappings;
        this.bound = bound;
        // What /proc/self/maps shows as [heap] must stay anonymous.
        long first = (marks.startBrk() + PAGE - 1) / PAGE * PAGE;
        this.heapStart = first > 0 && first < marks.brk() ? ByteRange.ofLength(first, PAGE) : new ByteRange(0, 0);
    }

    /** Returns the runs of each mapping, by address, in the order of the mappings; none at all where they would not pay. */
    List<List<ByteRange>> choose() {
        for (long least = LEAST_BYTES; ; least *= 2) {
            List<List<ByteRange>> all = new ArrayList<>(mappings.size());
            long runs = 0;
            long bytes = 0;
            for (Mapping mapping : mappings) {
                List<ByteRange> found = isEligible(mapping) && !isBound(mapping) ? of(mapping, least) : List.of();
                all.add(found);
                runs += found.size();
                bytes += found.stream().mapToLong(ByteRange::lengthBytes).sum();
            }
            if (bytes < LEAST_TOTAL) {
                return none(mappings);
            }
            if (mappings.size() + 2 * runs <= MOST_MAPPINGS && bytes / PAGE <= MOST_PAGES) {
                return all;
            }
        }
    }

    /** Returns no run for each mapping. */
    static List<List<ByteRange>> none(List<Mapping> mappings) {
        return mappings.stream().map(mapping -> List.<ByteRange>of()).toList();
    }

    static boolean isEligible(Mapping mapping) {
        String name = mapping.name().toString();
        return mapping.kind() == MappingKind.ANONYMOUS
                && (mapping.flags() & NEVER_LAZY) == 0
                && (name.isEmpty() || name.equals("[heap]"));
    }

    private boolean isBound(Mapping mapping) {
        return bound.stream().anyMatch(policy -> policy.range().overlaps(mapping.range()));
    }

    private List<ByteRange> of(Mapping mapping, long leastBytes) {
        Collector runs = new Collector(leastBytes, heapStart);
        for (Extent extent : mapping.extents()) {
            if (!extent.hasBytes()) {
                runs.end();
            } else if (extent.range().overlaps(heapStart)) {
                runs.add(extent.address(), heapStart.start());
                runs.end();
                runs.add(heapStart.end(), extent.range().end());
            } else {
                runs.add(extent.address(), extent.range().end());
            }
        }
        runs.end();
        return List.copyOf(runs.found);
    }

    /** Joins stored ranges to runs and keeps those that are long enough. */
    private static final class Collector {
        private final List<ByteRange> found = new ArrayList<>();
        private final long leastBytes;
        private final ByteRange apart;
        private long start;
        private long end;
        private long stored;

        Collector(long leastBytes, ByteRange apart) {
            this.leastBytes = leastBytes;
            this.apart = apart;
        }

        void add(long from, long to) {
            if (from >= to) {
                return;
            }
            if (stored > 0 && (from - end > LONGEST_HOLE || new ByteRange(end, from).overlaps(apart))) {
                end();
            }
            start = stored == 0 ? from : start;
            end = to;
            stored += to - from;
        }

        void end() {
            if (stored > 0 && stored >= leastBytes) {
                found.add(new ByteRange(start, end));
            }
            stored = 0;
        }
    }
}
