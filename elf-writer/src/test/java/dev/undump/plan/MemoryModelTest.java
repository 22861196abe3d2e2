// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Carries the steps for random address spaces out on a model, which must then hold the program's memory exactly. */
class MemoryModelTest {

    private static final long PAGE = 4096;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final int[] FLAGS = {
        0, 0, 0, CheckpointLayout.VMA_NORESERVE, CheckpointLayout.VMA_LOCKED, CheckpointLayout.VMA_DONTDUMP,
        CheckpointLayout.VMA_HUGEPAGE, CheckpointLayout.VMA_SEALED
    };
    private static final MappingKind[] KINDS = {
        MappingKind.ANONYMOUS, MappingKind.ANONYMOUS, MappingKind.ANONYMOUS, MappingKind.PRIVATE_FILE
    };

    /** The heap begins inside of the first mappings: its first page is never lazy, whatever is stored around it. */
    private static final long FIRST = CheckpointSamples.HEAP - 5 * PAGE;

    private static Path folder;
    private static Checkpoint empty;

    /** A page of memory: where its bytes stand in the checkpoint (0: it is zero), and what it allows. */
    private record Page(long contents, int protection, boolean guard, boolean lazy) {

        Page with(long newContents) {
            return new Page(newContents, protection, guard, lazy);
        }
    }

    @BeforeContainer
    static void prepare() throws IOException {
        folder = Files.createTempDirectory("model");
        empty = PlanSamples.read(new CheckpointBuilder(), folder);
    }

    @AfterContainer
    static void clean() throws IOException {
        Files.delete(empty.file());
        Files.delete(folder);
    }

    @Property(tries = 500)
    void steps_anyAddressSpace_giveItsMemory(@ForAll long seed) throws PlanException {
        List<Mapping> mappings = randomMappings(new Random(seed));
        DataArea data = new DataArea();
        MemoryFilePlanner none = MemoryFilePlanner.plan(empty, data, new OpenFiles(empty, LaunchPolicies.NONE));
        MemoryPlanner planner = new MemoryPlanner(empty, mappings, data, none);
        planner.plan(PlanOptions.AnonymousMemory.LAZY);

        List<MemoryOp> lazy = planner.steps(true, List.of());
        List<MemoryOp> eager = planner.steps(false, List.of());

        TreeMap<Long, Page> expected = memoryOf(mappings);
        TreeMap<Long, Page> lazily = carriedOut(lazy, data);
        assertThat(withoutLaziness(lazily)).isEqualTo(expected);
        assertThat(carriedOut(eager, data)).isEqualTo(expected);
        assertThat(eager).noneMatch(step -> step.kind() == MemoryOp.Kind.LAZY);
        assertThat(pagesOf(LazyRange.of(lazy)))
                .isEqualTo(lazily.entrySet().stream()
                        .filter(page -> page.getValue().lazy())
                        .map(Map.Entry::getKey)
                        .toList());
        assertThat(mappings.stream().filter(mapping -> !LazyRuns.isEligible(mapping)))
                .allMatch(mapping -> lazily.subMap(mapping.range().start(), mapping.range().end()).values().stream()
                        .noneMatch(Page::lazy));
    }

    private static List<Mapping> randomMappings(Random random) {
        List<Mapping> mappings = new ArrayList<>();
        long at = FIRST;
        long stored = PAGE;
        for (int i = random.nextInt(6) + 1; i > 0; i--) {
            at += random.nextBoolean() ? 0 : (1 + random.nextInt(3)) * PAGE;
            MappingKind kind = KINDS[random.nextInt(KINDS.length)];
            List<Extent> extents = new ArrayList<>();
            long end = at;
            for (int j = random.nextInt(6); j > 0; j--) {
                long start = end + (random.nextInt(3) == 0 ? 0 : random.nextInt(40) * PAGE);
                long length = (1 + random.nextInt(random.nextBoolean() ? 4 : 80)) * PAGE;
                end = start + length;
                if (random.nextInt(8) == 0) {
                    extents.add(new Extent(start, length, 0, ExtentKind.GUARD, 0));
                } else {
                    extents.add(new Extent(start, length, stored, ExtentKind.PRIVATE, 1));
                    stored += length + random.nextInt(2) * PAGE;
                }
            }
            end += (1 + random.nextInt(40)) * PAGE;
            int protection = random.nextBoolean() ? RW : random.nextInt(8);
            mappings.add(new Mapping(
                    new ByteRange(at, end), kind, protection, FLAGS[random.nextInt(FLAGS.length)], 0, 0, 0, 0, 0,
                    NativeText.of(random.nextInt(5) == 0 ? "[anon:x]" : ""), 0, 0, extents));
            at = end;
        }
        return mappings;
    }

    private static TreeMap<Long, Page> memoryOf(List<Mapping> mappings) {
        TreeMap<Long, Page> memory = new TreeMap<>();
        for (Mapping mapping : mappings) {
            for (long at = mapping.range().start(); at < mapping.range().end(); at += PAGE) {
                memory.put(at, new Page(0, mapping.protection(), false, false));
            }
            for (Extent extent : mapping.extents()) {
                for (long done = 0; done < extent.lengthBytes(); done += PAGE) {
                    long contents = extent.hasBytes() ? extent.fileOffset() + done : 0;
                    memory.put(
                            extent.address() + done, new Page(contents, mapping.protection(), !extent.hasBytes(), false));
                }
            }
        }
        return memory;
    }

    private static TreeMap<Long, Page> carriedOut(List<MemoryOp> steps, DataArea data) {
        TreeMap<Long, Long> image = new TreeMap<>();
        for (DataPiece piece : data.pieces()) {
            for (long done = 0; done < piece.lengthBytes(); done += PAGE) {
                assertThat(image.put(piece.dataOffset() + done, piece.checkpointOffset() + done)).isNull();
            }
        }
        TreeMap<Long, Page> memory = new TreeMap<>();
        TreeMap<Long, Boolean> sealed = new TreeMap<>();
        for (MemoryOp step : steps) {
            for (long done = 0; done < step.range().lengthBytes(); done += PAGE) {
                long at = step.range().start() + done;
                assertThat(sealed).doesNotContainKey(at);
                if (step.kind() == MemoryOp.Kind.SEAL) {
                    sealed.put(at, true);
                } else {
                    memory.put(at, page(step, memory.get(at), contents(step, done, image)));
                }
            }
        }
        return memory;
    }

    private static long contents(MemoryOp step, long done, Map<Long, Long> image) {
        return step.offset() instanceof PlanOffset.InData place ? image.getOrDefault(place.offset() + done, 0L) : 0;
    }

    private static Page page(MemoryOp step, Page before, long contents) {
        switch (step.kind()) {
            case ANONYMOUS, IMAGE, LAZY -> {
                // Nothing is mapped twice.
                assertThat(before).isNull();
                return new Page(contents, step.protection(), false, step.kind() == MemoryOp.Kind.LAZY);
            }
            case READ -> {
                assertThat(before.protection() & Mapping.WRITE).isNotZero();
                assertThat(before.lazy()).isFalse();
                return before.with(contents);
            }
            case PROTECT -> {
                return new Page(before.contents(), step.protection(), before.guard(), before.lazy());
            }
            case ADVISE -> {
                boolean guard = step.argument() == 102;
                assertThat(guard && before.lazy()).isFalse();
                return new Page(before.contents(), before.protection(), before.guard() || guard, before.lazy());
            }
            default -> {
                assertThat(before).isNotNull();
                return before;
            }
        }
    }

    private static TreeMap<Long, Page> withoutLaziness(TreeMap<Long, Page> memory) {
        TreeMap<Long, Page> plain = new TreeMap<>();
        memory.forEach((at, page) ->
                plain.put(at, new Page(page.contents(), page.protection(), page.guard(), false)));
        return plain;
    }

    /** Pages in the order of their bits, which must have no gap. */
    private static List<Long> pagesOf(List<LazyRange> ranges) {
        List<Long> pages = new ArrayList<>();
        for (LazyRange lazy : ranges) {
            assertThat(lazy.firstPage()).isEqualTo(pages.size());
            for (long at = lazy.range().start(); at < lazy.range().end(); at += PAGE) {
                pages.add(at);
            }
        }
        return pages;
    }
}
