// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.BoundMemory;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.MemoryMarks;
import dev.undump.checkpoint.MemoryPolicy;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.CheckpointLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LazyRunsTest {

    private static final long PAGE = 4096;
    private static final long A = 0x10000000;
    private static final long BOUND = 1 << 20;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final long LEAST = LazyRuns.LEAST_BYTES / PAGE;
    private static final long HOLE = LazyRuns.LONGEST_HOLE / PAGE;
    private static final long MANY = 1000;

    @Test
    void choose_oneRun_isTheStoredPages() {
        assertThat(runs(mapping(2 * MANY, RW, 0, "", stored(10, MANY)))).containsExactly(pages(10, MANY));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Mapping.READ, Mapping.READ | Mapping.EXECUTE, RW | Mapping.EXECUTE})
    void choose_anyProtection_isLazy(int protection) {
        assertThat(runs(mapping(MANY, protection, 0, "", stored(0, MANY)))).containsExactly(pages(0, MANY));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CheckpointLayout.VMA_STACK,
                CheckpointLayout.VMA_GROWSDOWN,
                CheckpointLayout.VMA_WIPEONFORK,
                CheckpointLayout.VMA_DROPPABLE,
                CheckpointLayout.VMA_LOCKED,
                CheckpointLayout.VMA_LOCKED_ON_FAULT,
                CheckpointLayout.VMA_MERGEABLE,
                CheckpointLayout.VMA_SEALED
            })
    void choose_attributeThatNeedsAnonymousMemory_isEager(int flag) {
        assertThat(runs(mapping(MANY, RW, flag, "", stored(0, MANY)))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                CheckpointLayout.VMA_NORESERVE,
                CheckpointLayout.VMA_DONTDUMP,
                CheckpointLayout.VMA_HUGEPAGE,
                CheckpointLayout.VMA_NOHUGEPAGE,
                CheckpointLayout.VMA_SEQUENTIAL,
                CheckpointLayout.VMA_RANDOM,
                CheckpointLayout.VMA_ACCOUNTED,
                CheckpointLayout.VMA_MAY_WRITE
            })
    void choose_attributeThatAFileMappingHasAsWell_isLazy(int flag) {
        assertThat(runs(mapping(MANY, RW, flag, "", stored(0, MANY)))).isNotEmpty();
    }

    @Test
    void choose_names_onlyTheHeapsIsLazy() {
        assertThat(runs(mapping(MANY, RW, 0, "[heap]", stored(0, MANY)))).isNotEmpty();
        assertThat(runs(mapping(MANY, RW, 0, "[anon:arena]", stored(0, MANY)))).isEmpty();
        assertThat(runs(mapping(MANY, RW, 0, "/dev/zero", stored(0, MANY)))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"PRIVATE_FILE", "SHARED_FILE", "SHARED_ANONYMOUS", "VDSO"})
    void choose_otherKinds_areNone(String kind) {
        Mapping mapping = new Mapping(
                pages(0, MANY), MappingKind.valueOf(kind), RW, 0, kind.equals("SHARED_ANONYMOUS") ? 1 : 0, 0, 0, 0, 0,
                NativeText.EMPTY, 0, 0, List.of(stored(0, MANY)));
        assertThat(runs(mapping)).isEmpty();
    }

    @Test
    void choose_shortHole_staysInside() {
        Mapping mapping = mapping(3 * MANY, RW, 0, "", stored(0, MANY), stored(MANY + HOLE, MANY));
        assertThat(runs(mapping)).containsExactly(pages(0, 2 * MANY + HOLE));
    }

    @Test
    void choose_longHole_endsTheRun() {
        Mapping mapping = mapping(3 * MANY, RW, 0, "", stored(0, MANY), stored(MANY + HOLE + 1, MANY));
        assertThat(runs(mapping)).containsExactly(pages(0, MANY), pages(MANY + HOLE + 1, MANY));
    }

    @Test
    void choose_smallPieces_areEager() {
        Mapping mapping = mapping(
                3 * MANY, RW, 0, "", stored(0, LEAST - 1), stored(100, MANY), stored(100 + MANY + 100, LEAST));
        assertThat(runs(mapping)).containsExactly(pages(100, MANY), pages(200 + MANY, LEAST));
    }

    @Test
    void choose_holesDoNotCount_towardsTheLeast() {
        Mapping sparse = mapping(3 * MANY, RW, 0, "", stored(0, LEAST / 2), stored(LEAST, LEAST / 2 - 1), stored(MANY, MANY));
        assertThat(runs(sparse)).containsExactly(pages(MANY, MANY));
    }

    @Test
    void choose_guardPages_neverInside() {
        Mapping mapping = mapping(3 * MANY, RW, 0, "", stored(0, MANY), guard(MANY, 1), stored(MANY + 1, MANY));
        assertThat(runs(mapping)).containsExactly(pages(0, MANY), pages(MANY + 1, MANY));
    }

    @Test
    void choose_littleInAll_isEager() {
        long most = LazyRuns.LEAST_TOTAL / PAGE - 1;
        assertThat(runs(mapping(MANY, RW, 0, "", stored(0, most)))).isEmpty();
        assertThat(runs(mapping(MANY, RW, 0, "", stored(0, most + 1)))).containsExactly(pages(0, most + 1));
    }

    @Test
    void choose_heap_keepsItsFirstPageAnonymous() {
        Mapping heap = mapping(2 * MANY, RW, CheckpointLayout.VMA_HEAP, "[heap]", stored(0, MANY));
        assertThat(choose(List.of(heap), A, A + 2 * MANY * PAGE).get(0)).containsExactly(pages(1, MANY - 1));
    }

    @Test
    void choose_heapBehindOtherMemoryOfItsMapping_isSplitThere() {
        Mapping bss = mapping(3 * MANY, RW, CheckpointLayout.VMA_HEAP, "[heap]", stored(0, 3 * MANY));
        assertThat(choose(List.of(bss), A + MANY * PAGE - 8, A + 3 * MANY * PAGE).get(0))
                .containsExactly(pages(0, MANY), pages(MANY + 1, 2 * MANY - 1));
    }

    @Test
    void choose_heapWhoseFirstPageIsAHole_isSplitThere() {
        Mapping bss = mapping(3 * MANY, RW, CheckpointLayout.VMA_HEAP, "[heap]", stored(0, MANY), stored(MANY + 2, MANY));
        assertThat(choose(List.of(bss), A + (MANY + 1) * PAGE, A + 3 * MANY * PAGE).get(0))
                .containsExactly(pages(0, MANY), pages(MANY + 2, MANY));
    }

    @Test
    void choose_moreRunsThanMappingsMayBe_keepsTheLongest() {
        List<Extent> extents = new ArrayList<>();
        long page = 0;
        for (int i = 0; i < 20_000; i++) {
            long length = i % 4 == 0 ? 4 * LEAST : LEAST;
            extents.add(stored(page, length));
            page += length + HOLE + 1;
        }
        Mapping many = mapping(page, RW, 0, "", extents.toArray(new Extent[0]));
        List<ByteRange> runs = runs(many);
        assertThat(runs).hasSize(5000).allMatch(run -> run.lengthBytes() == 4 * LEAST * PAGE);
    }

    @Test
    void choose_memoryBoundToNodes_isNotLazy() {
        List<Extent> stored = List.of(new Extent(A + BOUND * PAGE, 100 * PAGE, PAGE, ExtentKind.PRIVATE, 1));
        Mapping bound = new Mapping(
                pages(BOUND, 100), MappingKind.ANONYMOUS, 3, 0, 0, 0, 0, 0, 0, NativeText.of(""), 0, 0, stored);
        Mapping other = mapping(100, 3, 0, "", stored(0, 100));
        assertThat(choose(List.of(other, bound), 0, 0)).containsExactly(List.of(pages(0, 100)), List.of());
    }

    private static List<ByteRange> runs(Mapping mapping) {
        return choose(List.of(mapping), 0, 0).get(0);
    }

    private static List<List<ByteRange>> choose(List<Mapping> mappings, long startBrk, long brk) {
        MemoryMarks marks = CheckpointSamples.process(1).marks();
        return new LazyRuns(
                        mappings,
                        new MemoryMarks(
                                marks.startCode(),
                                marks.endCode(),
                                marks.startData(),
                                marks.endData(),
                                startBrk,
                                brk,
                                marks.startStack(),
                                marks.argStart(),
                                marks.argEnd(),
                                marks.envStart(),
                                marks.envEnd()),
                        List.of(new BoundMemory(pages(BOUND, 1), new MemoryPolicy(2, 1))))
                .choose();
    }

    private static Mapping mapping(long pages, int protection, int flags, String name, Extent... extents) {
        return new Mapping(
                pages(0, pages), MappingKind.ANONYMOUS, protection, flags, 0, 0, 0, 0, 0, NativeText.of(name), 0, 0,
                Arrays.asList(extents));
    }

    private static Extent stored(long firstPage, long pages) {
        return new Extent(A + firstPage * PAGE, pages * PAGE, PAGE, ExtentKind.PRIVATE, 1);
    }

    private static Extent guard(long firstPage, long pages) {
        return new Extent(A + firstPage * PAGE, pages * PAGE, 0, ExtentKind.GUARD, 0);
    }

    private static ByteRange pages(long first, long count) {
        return ByteRange.ofLength(A + first * PAGE, count * PAGE);
    }
}
