// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Fits the memory steps of a plan to an observation:
 *
 * <ul>
 *   <li>what the program uses first is asked for at once, in few large pieces, so that a launch from the disk does not wait for
 *       one page after the other;
 *   <li>where it writes to most pages of two aligned MiB, these become anonymous memory of huge pages, filled by reading: a fault
 *       and a copy for each small page cost seven times as much. They are put over the lazy mapping, which stays whole: so it is
 *       for the handler of intercepted calls when it has replaced a part by anonymous memory.
 * </ul>
 *
 * What does not pay is not done; measured, see docs/tuning.md: mapping pages beforehand (MADV_POPULATE_READ, _WRITE) costs as much
 * as the faults it saves, and putting the used pages side by side in the file makes no difference to a disk that is asked for all
 * of them at once, but cuts mappings.
 *
 * @param steps in order
 * @param prefetched what is asked for
 * @param hugeBytes memory that is read into huge pages
 */
record TunedSteps(List<MemoryStep> steps, PageRanges prefetched, long hugeBytes) {

    private static final long HUGE = 2 << 20;
    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;
    private static final int PROT_READ_WRITE = 3;

    /** Reading so much more takes no longer than another access to the disk, even to a fast one. */
    private static final long GAP_BYTES = 64 << 10;

    /** Each piece costs a system call, and one more when it is not in memory. */
    private static final int MOST_PIECES = 256;

    /**
     * Fits steps.
     *
     * @param untuned in order: mappings, which pages may be huge, contents, the rest
     * @param imageBytes size of the image; what is mapped behind it is no data
     */
    static TunedSteps of(List<MemoryStep> untuned, Observation observation, long imageBytes) {
        List<MemoryStep> maps = new ArrayList<>();
        List<MemoryStep> inPlace = new ArrayList<>();
        List<MemoryStep> huge = new ArrayList<>();
        List<MemoryStep> reads = new ArrayList<>();
        List<PageRanges.Range> advised = advised(untuned);
        for (MemoryStep step : untuned) {
            if (!step.isOfMaps()) {
                continue;
            }
            maps.add(step);
            for (PageRanges.Range dense : denseParts(step, observation.written(), advised)) {
                inPlace.add(step.anonymous(dense.start(), dense.length()));
                huge.add(MemoryStep.huge(dense.start(), dense.length()));
                reads.add(step.read(dense.start(), dense.length()));
            }
        }
        PageRanges prefetched = prefetched(untuned, observation, imageBytes);
        List<MemoryStep> steps = new ArrayList<>();
        prefetched.ranges().forEach(range -> steps.add(MemoryStep.prefetch(range)));
        steps.addAll(maps);
        steps.addAll(inPlace);
        steps.addAll(huge);
        boolean readsAreIn = false;
        for (MemoryStep step : untuned) {
            if (step.isOfMaps()) {
                continue;
            }
            if (!readsAreIn && step.kind() != ImageLayout.MEMORY_ADVISE) {
                steps.addAll(reads);
                readsAreIn = true;
            }
            steps.add(step);
        }
        if (!readsAreIn) {
            steps.addAll(reads);
        }
        return new TunedSteps(
                List.copyOf(steps), prefetched, huge.stream().mapToLong(MemoryStep::length).sum());
    }

    /** Addresses for which the program itself has chosen the size of pages. */
    private static List<PageRanges.Range> advised(List<MemoryStep> steps) {
        return steps.stream()
                .filter(step -> step.kind() == ImageLayout.MEMORY_ADVISE
                        && (step.argument() == MADV_HUGEPAGE || step.argument() == MADV_NOHUGEPAGE))
                .map(step -> new PageRanges.Range(step.address(), step.end()))
                .toList();
    }

    /** Returns address ranges of huge pages of which at least half of the small pages are written to, ascending. */
    private static List<PageRanges.Range> denseParts(
            MemoryStep step, PageRanges written, List<PageRanges.Range> advised) {
        List<PageRanges.Range> dense = new ArrayList<>();
        if (step.kind() != ImageLayout.MEMORY_LAZY || (step.protection() & PROT_READ_WRITE) != PROT_READ_WRITE) {
            return dense;
        }
        for (long at = (step.address() + HUGE - 1) / HUGE * HUGE; at + HUGE <= step.end(); at += HUGE) {
            long offset = step.offset() + (at - step.address());
            PageRanges.Range page = new PageRanges.Range(at, at + HUGE);
            boolean isChosen = advised.stream().anyMatch(other -> overlap(other, page));
            if (!isChosen && written.bytesIn(offset, offset + HUGE) >= HUGE / 2) {
                dense.add(page);
            }
        }
        return PageRanges.of(dense, 0).ranges();
    }

    private static boolean overlap(PageRanges.Range one, PageRanges.Range other) {
        return one.start() < other.end() && other.start() < one.end();
    }

    /** Everything that is used of the image's data, what is read at once included. */
    private static PageRanges prefetched(List<MemoryStep> untuned, Observation observation, long imageBytes) {
        List<PageRanges.Range> data = new ArrayList<>();
        List<PageRanges.Range> used = new ArrayList<>();
        for (MemoryStep step : untuned) {
            if (step.mapsImage() && step.offset() + step.length() <= imageBytes) {
                data.add(new PageRanges.Range(step.offset(), step.offset() + step.length()));
            } else if (step.kind() == ImageLayout.MEMORY_READ) {
                used.add(new PageRanges.Range(step.offset(), step.offset() + step.length()));
            }
        }
        List<PageRanges.Range> seen = new ArrayList<>(observation.mapped().ranges());
        seen.addAll(observation.written().ranges());
        used.addAll(PageRanges.of(seen, 0).intersect(PageRanges.of(data, 0)).ranges());
        long gap = GAP_BYTES;
        PageRanges joined = PageRanges.of(used, gap);
        while (joined.ranges().size() > MOST_PIECES) {
            gap *= 2;
            joined = PageRanges.of(used, gap);
        }
        return joined;
    }
}
