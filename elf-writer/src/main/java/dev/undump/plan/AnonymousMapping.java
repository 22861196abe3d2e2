// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Plans one private anonymous mapping: lazy runs, mapped from the image, and between them anonymous memory into which what is
 * stored is read.
 */
final class AnonymousMapping {

    private static final int PROT_READ_WRITE = Mapping.READ | Mapping.WRITE;
    private static final int MAP_GROWSDOWN = 0x100;
    private static final int MAP_NORESERVE = 0x4000;

    private final Mapping mapping;
    private final ByteRange range;
    private final List<ByteRange> runs;

    /**
     * Begins a plan.
     *
     * @param range of the mapping, with room to grow
     * @param runs of stored pages that may be lazy, by address
     */
    AnonymousMapping(Mapping mapping, ByteRange range, List<ByteRange> runs) throws PlanException {
        this.mapping = mapping;
        this.range = range;
        this.runs = runs;
        if (mapping.extents().stream().anyMatch(extent -> extent.kind() == ExtentKind.BEYOND_EOF)) {
            throw new PlanException("anonymous memory at " + mapping.range() + " has pages behind the end of a file: the"
                    + " checkpoint contradicts itself");
        }
    }

    boolean hasLazyRuns() {
        return !runs.isEmpty();
    }

    /** Puts the lazy runs, holes included, to the page data. */
    void placeRuns(DataArea data) {
        for (ByteRange run : runs) {
            data.appendRun(run, mapping.extents());
        }
    }

    /** Puts what is stored elsewhere to the page data, without holes. */
    void placeReads(DataArea data) {
        for (ByteRange part : parts(true)) {
            stored(part).forEach(data::append);
        }
    }

    /**
     * Adds the steps.
     *
     * @param lazy false: the lazy runs are read as well
     * @param data knows where the bytes stand
     */
    void addTo(MemorySteps steps, boolean lazy, DataArea data) {
        for (ByteRange part : parts(lazy)) {
            anonymous(part, steps, data);
        }
        for (ByteRange run : lazy ? runs : List.<ByteRange>of()) {
            int flags = mapping.hasFlags(CheckpointLayout.VMA_NORESERVE) ? MAP_NORESERVE : 0;
            PlanOffset offset = new PlanOffset.InData(dataOf(run, data));
            steps.add(MemoryOp.lazy(run, mapping.protection(), flags, rangeFlags(flags), offset));
        }
    }

    /** What memory must have that takes the place of the mapping. */
    private int rangeFlags(int mapFlags) {
        return mapFlags | (mapping.hasFlags(CheckpointLayout.VMA_DONTFORK) ? ImageLayout.LAZY_DONTFORK : 0);
    }

    /** What is not lazy. */
    private List<ByteRange> parts(boolean lazy) {
        if (!lazy || runs.isEmpty()) {
            return List.of(range);
        }
        List<ByteRange> parts = new ArrayList<>(runs.size() + 1);
        long done = range.start();
        for (ByteRange run : runs) {
            if (run.start() > done) {
                parts.add(new ByteRange(done, run.start()));
            }
            done = run.end();
        }
        if (done < range.end()) {
            parts.add(new ByteRange(done, range.end()));
        }
        return parts;
    }

    private void anonymous(ByteRange part, MemorySteps steps, DataArea data) {
        boolean stored = stored(part).findAny().isPresent();
        boolean writable = (mapping.protection() & Mapping.WRITE) != 0;
        boolean opened = stored && !writable;
        int flags = 0;
        if (mapping.hasFlags(CheckpointLayout.VMA_GROWSDOWN) || mapping.isStack()) {
            flags |= MAP_GROWSDOWN;
        }
        // What the program did not have accounted must not be accounted while contents are read into it.
        if (mapping.hasFlags(CheckpointLayout.VMA_NORESERVE) || mapping.isStack() || opened) {
            flags |= MAP_NORESERVE;
        }
        steps.add(MemoryOp.anonymous(part, opened ? PROT_READ_WRITE : mapping.protection(), flags));
        // By place in the page data: what is lazy elsewhere stands apart from its neighbours, also where all is read.
        Stream.concat(parts(true).stream(), runs.stream())
                .filter(part::contains)
                .sorted()
                .flatMap(this::stored)
                .forEach(extent -> steps.read(extent.range(), dataOf(extent.range(), data)));
        if (opened) {
            steps.add(MemoryOp.protect(part, mapping.protection()));
        }
    }

    private static long dataOf(ByteRange stored, DataArea data) {
        return data.offsetOf(stored.start()).orElseThrow();
    }

    private Stream<Extent> stored(ByteRange part) {
        return isWiped() ? Stream.empty() : Extents.inside(mapping.extents(), part);
    }

    /** What is wiped in a forked child comes back empty, so that generators of random numbers start anew. */
    private boolean isWiped() {
        return mapping.hasFlags(CheckpointLayout.VMA_WIPEONFORK);
    }
}
