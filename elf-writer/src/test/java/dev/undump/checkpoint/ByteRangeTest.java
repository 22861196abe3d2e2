// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ByteRangeTest {

    @Test
    void ofLength_largestLength_succeeds() {
        assertThat(ByteRange.ofLength(1, Long.MAX_VALUE - 1)).isEqualTo(new ByteRange(1, Long.MAX_VALUE));
    }

    @Test
    void ofLength_overflowOrNegative_isRefused() {
        assertThatThrownBy(() -> ByteRange.ofLength(2, Long.MAX_VALUE - 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ByteRange.ofLength(-1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ByteRange.ofLength(1, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ByteRange(2, 1)).hasMessage("range ends before it starts: 0x2-0x1");
    }

    @Test
    void contains_edges_isHalfOpen() {
        ByteRange range = new ByteRange(10, 20);

        assertThat(range.contains(10)).isTrue();
        assertThat(range.contains(19)).isTrue();
        assertThat(range.contains(20)).isFalse();
        assertThat(range.contains(9)).isFalse();
        assertThat(range.contains(new ByteRange(10, 20))).isTrue();
        assertThat(range.contains(new ByteRange(10, 21))).isFalse();
    }

    @Test
    void overlaps_touchingOrEmpty_isFalse() {
        ByteRange range = new ByteRange(10, 20);

        assertThat(range.overlaps(new ByteRange(19, 30))).isTrue();
        assertThat(range.overlaps(new ByteRange(20, 30))).isFalse();
        assertThat(range.overlaps(new ByteRange(0, 10))).isFalse();
        assertThat(range.overlaps(new ByteRange(15, 15))).isFalse();
    }

    @Test
    void isAligned_eitherEndOff_isFalse() {
        assertThat(new ByteRange(4096, 8192).isAligned(4096)).isTrue();
        assertThat(new ByteRange(4096, 8193).isAligned(4096)).isFalse();
        assertThat(new ByteRange(4095, 8192).isAligned(4096)).isFalse();
    }
}
