// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizesTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0 B", "1023, 1023 B", "1024, 1 KiB", "1536, 1.5 KiB", "4096, 4 KiB", "1048575, 1 MiB", "1048576, 1 MiB",
        "104857600, 100 MiB", "15449392, 14.7 MiB", "9223372036854775807, 8 EiB"
    })
    void bytes_anySize_hasAtMostFourDigits(long size, String expected) {
        assertThat(Sizes.bytes(size)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 ns", "999, 999 ns", "1000, 1 us", "2500000, 2.5 ms", "1500000000, 1.5 s", "119000000000, 119 s",
        "3723000000000, 1:02:03"
    })
    void nanoseconds_anyDuration_hasItsNaturalUnit(long duration, String expected) {
        assertThat(Sizes.nanoseconds(duration)).isEqualTo(expected);
    }
}
