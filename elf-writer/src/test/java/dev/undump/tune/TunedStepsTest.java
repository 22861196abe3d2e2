// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import static dev.undump.tune.PageRangesTest.range;
import static dev.undump.tune.PageRangesTest.ranges;
import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TunedStepsTest {

    private static final int PAGE = 4096;
    private static final int HUGE = 2 << 20;
    private static final int RW = 3;
    private static final long A = 0x7f0000000000L;
    private static final long IMAGE_BYTES = 1L << 30;

    /** Image offset of what is mapped at A, in pages. */
    private static final int DATA = 16;

    private static final int MADV_HUGEPAGE = 14;
    private static final int MADV_NOHUGEPAGE = 15;

    @Test
    void usedPages_areAskedForFirst_inPiecesOfNeighbours() {
        MemoryStep map = lazy(A, 1000);
        Observation seen = observation(ranges(0, 20, 21, 30, 34, 200, 201), ranges(0, 40, 41));

        TunedSteps tuned = tune(seen, map);

        assertThat(tuned.steps())
                .containsExactly(
                        MemoryStep.prefetch(range(20, 41)), MemoryStep.prefetch(range(200, 201)), map);
    }

    @Test
    void pagesOfNoMapping_areNotAskedFor() {
        Observation seen = observation(ranges(0, 0, 5, DATA, DATA + 1, 5000, 5001), PageRanges.NONE);

        assertThat(tune(seen, lazy(A, 1000)).prefetched()).isEqualTo(ranges(0, DATA, DATA + 1));
    }

    @Test
    void whatIsReadAtOnce_isAskedForAsWell() {
        MemoryStep anonymous = step(ImageLayout.MEMORY_ANONYMOUS, RW, A, 4 * PAGE, 0, 0);
        MemoryStep read = step(ImageLayout.MEMORY_READ, 0, A, 2 * PAGE, 100 * PAGE, 0);

        assertThat(tune(observation(PageRanges.NONE, PageRanges.NONE), anonymous, read).steps())
                .containsExactly(MemoryStep.prefetch(range(100, 102)), anonymous, read);
    }

    @Test
    void mappingBehindTheImage_isNoData() {
        MemoryStep behind = step(ImageLayout.MEMORY_IMAGE, 1, A, PAGE, IMAGE_BYTES + PAGE, 0);
        long page = IMAGE_BYTES / PAGE + 1;

        assertThat(tune(observation(ranges(0, page, page + 1), PageRanges.NONE), behind).steps()).containsExactly(behind);
    }

    @Test
    void veryManyPlaces_becomeFewPieces() {
        long[] pages = new long[2 * 5000];
        for (int i = 0; i < 5000; i++) {
            pages[2 * i] = DATA + 40L * i;
            pages[2 * i + 1] = DATA + 40L * i + 1;
        }

        TunedSteps tuned = tune(observation(ranges(0, pages), PageRanges.NONE), lazy(A, 40 * 5000));

        assertThat(tuned.prefetched().ranges()).hasSizeLessThanOrEqualTo(256);
    }

    @Test
    void hugePageHalfWritten_isReadIntoAHugePage() {
        long start = A - 3 * PAGE;
        MemoryStep map = lazy(start, 3 * 512);
        int first = DATA + 3;
        Observation seen = observation(PageRanges.NONE, ranges(0, first, first + 256, first + 512, first + 767));

        TunedSteps tuned = tune(seen, map);

        assertThat(tuned.hugeBytes()).isEqualTo(HUGE);
        assertThat(withoutPrefetch(tuned))
                .containsExactly(
                        map,
                        step(ImageLayout.MEMORY_ANONYMOUS, RW, A, HUGE, 0, 0),
                        MemoryStep.huge(A, HUGE),
                        step(ImageLayout.MEMORY_READ, 0, A, HUGE, first * PAGE, 0));
    }

    @Test
    void neighbouringHugePages_areOnePiece_andReadBeforeOtherContents() {
        MemoryStep map = lazy(A, 1024);
        MemoryStep names = step(ImageLayout.MEMORY_NAME, 0, A, PAGE, 8, 0);
        MemoryStep advice = new MemoryStep(ImageLayout.MEMORY_ADVISE, 0, A + (1L << 30), PAGE, 0, 0, MADV_HUGEPAGE, 1);

        TunedSteps tuned = tune(observation(PageRanges.NONE, ranges(0, DATA, DATA + 1024)), map, advice, names);

        assertThat(withoutPrefetch(tuned))
                .containsExactly(
                        map,
                        step(ImageLayout.MEMORY_ANONYMOUS, RW, A, 2 * HUGE, 0, 0),
                        MemoryStep.huge(A, 2 * HUGE),
                        advice,
                        step(ImageLayout.MEMORY_READ, 0, A, 2 * HUGE, DATA * PAGE, 0),
                        names);
    }

    @Test
    void programHasChosenSmallPages_staysLazy() {
        MemoryStep map = lazy(A, 1024);
        MemoryStep advice = new MemoryStep(ImageLayout.MEMORY_ADVISE, 0, A, PAGE, 0, 0, MADV_NOHUGEPAGE, 1);

        TunedSteps tuned = tune(observation(PageRanges.NONE, ranges(0, DATA, DATA + 1024)), map, advice);

        assertThat(withoutPrefetch(tuned))
                .containsExactly(
                        map,
                        step(ImageLayout.MEMORY_ANONYMOUS, RW, A + HUGE, HUGE, 0, 0),
                        MemoryStep.huge(A + HUGE, HUGE),
                        advice,
                        map.read(A + HUGE, HUGE));
    }

    @Test
    void filesAndMemoryThatIsNotWritable_stayMapped() {
        MemoryStep file = step(ImageLayout.MEMORY_IMAGE, RW, A, 2 * HUGE, DATA * PAGE, 0);
        MemoryStep readOnly = step(ImageLayout.MEMORY_LAZY, 1, A + 2 * HUGE, 2 * HUGE, DATA * PAGE + 2 * HUGE, 0);

        TunedSteps tuned = tune(observation(PageRanges.NONE, ranges(0, DATA, DATA + 2048)), file, readOnly);

        assertThat(withoutPrefetch(tuned)).containsExactly(file, readOnly);
    }

    private static TunedSteps tune(Observation observation, MemoryStep... steps) {
        return TunedSteps.of(List.of(steps), observation, IMAGE_BYTES);
    }

    private static List<MemoryStep> withoutPrefetch(TunedSteps tuned) {
        List<MemoryStep> rest = new ArrayList<>(tuned.steps());
        rest.removeIf(step -> step.kind() == ImageLayout.MEMORY_PREFETCH);
        return rest;
    }

    private static MemoryStep lazy(long address, int pages) {
        return step(ImageLayout.MEMORY_LAZY, RW, address, (long) pages * PAGE, (long) DATA * PAGE, 0);
    }

    private static MemoryStep step(int kind, int protection, long address, long length, long offset, int argument) {
        return new MemoryStep(kind, protection, address, length, offset, 0, argument, 0);
    }

    private static Observation observation(PageRanges mapped, PageRanges written) {
        return new Observation("exited 0", 1, false, 0, false, mapped, written);
    }
}
