// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.sites.Coverage;
import dev.undump.sites.ModuleCoverage;
import dev.undump.sites.UncoveredSite;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CoverageTextTest {

    @Test
    void decode_whatWasEncoded_isTheSame() {
        Coverage coverage = new Coverage(List.of(
                new ModuleCoverage("libc.so.6", 485, 13, 28, 4, List.of()),
                new ModuleCoverage(
                        "app",
                        1,
                        2,
                        3,
                        4,
                        List.of(
                                new UncoveredSite(0x400123, "the number is not known"),
                                new UncoveredSite(0x7fffffffe000L, "no room\tfor \"an\" island"))),
                new ModuleCoverage("last", 0, 0, 0, 1, List.of())));
        Coverage read = CoverageText.decode(CoverageText.encode(coverage)).orElseThrow();
        assertThat(read.modules().get(0)).isEqualTo(coverage.modules().get(0));
        assertThat(read.modules().get(1).uncovered().get(0)).isEqualTo(coverage.modules().get(1).uncovered().get(0));
        assertThat(read.modules().get(1).uncovered()).hasSize(2);
        assertThat(read.modules().get(2)).isEqualTo(coverage.modules().get(2));
        assertThat(read.isComplete()).isFalse();
    }

    @Test
    void decode_names_cannotBreakTheForm() {
        Coverage coverage = new Coverage(List.of(
                new ModuleCoverage("", 1, 0, 0, 0, List.of()), new ModuleCoverage("a\n\tb", 2, 0, 0, 0, List.of())));
        Coverage read = CoverageText.decode(CoverageText.encode(coverage)).orElseThrow();
        assertThat(read.modules()).extracting(ModuleCoverage::constant).containsExactly(1, 2);
        assertThat(read.modules()).extracting(ModuleCoverage::module).noneMatch(String::isEmpty);
    }

    @Test
    void encode_manyPlaces_staysSmall() {
        List<UncoveredSite> sites =
                IntStream.range(0, 100_000).mapToObj(i -> new UncoveredSite(i, "reason")).toList();
        String text = CoverageText.encode(new Coverage(List.of(new ModuleCoverage("app", 0, 0, 0, 0, sites))));
        assertThat(text.length()).isLessThan(100_000);
        assertThat(CoverageText.decode(text).orElseThrow().isComplete()).isFalse();
    }

    @Test
    void decode_nothing_isNone() {
        assertThat(CoverageText.decode("")).isEmpty();
    }

    @Test
    void decode_damaged_isRefused() {
        assertThatThrownBy(() -> CoverageText.decode("app\t1\n")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CoverageText.decode("app\t1\t2\t3\tx\n")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CoverageText.decode("app\t1\t2\t3\t4\n\t12\n"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
