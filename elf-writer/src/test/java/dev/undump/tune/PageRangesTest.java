// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.tune.PageRanges.Range;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PageRangesTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 60;

    @Test
    void of_unorderedAndOverlapping_areJoined() {
        assertThat(ranges(0, 9, 10, 3, 5, 4, 6, 12, 13).ranges())
                .containsExactly(range(3, 6), range(9, 10), range(12, 13));
    }

    @Test
    void of_gapThatIsAllowed_isFilled() {
        List<Range> two = List.of(range(1, 2), range(4, 5));

        assertThat(PageRanges.of(two, 2 * PAGE).ranges()).containsExactly(range(1, 5));
        assertThat(PageRanges.of(two, 2 * PAGE - 1).ranges()).hasSize(2);
    }

    @Test
    void intersectAndBytesIn_anyRanges_asWithBits() {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            BitSet one = bits(random);
            BitSet other = bits(random);
            PageRanges both = of(one).intersect(of(other));
            BitSet expected = (BitSet) one.clone();
            expected.and(other);

            assertThat(both).isEqualTo(of(expected));
            assertThat(both.bytes()).isEqualTo((long) expected.cardinality() * PAGE);
            int from = random.nextInt(PAGES - 1);
            int to = from + 1 + random.nextInt(PAGES - from - 1);
            assertThat(of(one).bytesIn((long) from * PAGE, (long) to * PAGE))
                    .isEqualTo((long) one.get(from, to).cardinality() * PAGE);
        }
    }

    static PageRanges ranges(long gap, long... pages) {
        List<Range> list = new ArrayList<>();
        for (int i = 0; i < pages.length; i += 2) {
            list.add(range(pages[i], pages[i + 1]));
        }
        return PageRanges.of(list, gap);
    }

    static Range range(long firstPage, long endPage) {
        return new Range(firstPage * PAGE, endPage * PAGE);
    }

    private static BitSet bits(Random random) {
        BitSet bits = new BitSet();
        int runs = random.nextInt(10);
        for (int i = 0; i < runs; i++) {
            int from = random.nextInt(PAGES - 1);
            bits.set(from, from + 1 + random.nextInt(Math.min(9, PAGES - from - 1)));
        }
        return bits;
    }

    private static PageRanges of(BitSet bits) {
        List<Range> list = new ArrayList<>();
        bits.stream().forEach(page -> list.add(range(page, page + 1)));
        return PageRanges.of(list, 0);
    }
}
