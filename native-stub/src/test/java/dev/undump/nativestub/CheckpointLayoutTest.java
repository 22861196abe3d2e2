// SPDX-License-Identifier: Apache-2.0
package dev.undump.nativestub;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Checks the generator against facts that the header states in words: what never moves, and what follows what. */
class CheckpointLayoutTest {

    @Test
    void header_firstFields_areWhereEveryVersionHasThem() {
        assertThat(CheckpointLayout.Header.MAGIC).isZero();
        assertThat(CheckpointLayout.Header.VERSION - CheckpointLayout.Header.MAGIC).isEqualTo(8);
        assertThat(CheckpointLayout.Header.HEADER_SIZE).isEqualTo(12);
        assertThat(CheckpointLayout.Header.TOTAL_SIZE).isEqualTo(16);
    }

    @Test
    void magic_asTextAndAsNumber_areTheSameEightBytes() {
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        number.putLong(CheckpointLayout.MAGIC_U64);

        assertThat(CheckpointLayout.MAGIC.getBytes(StandardCharsets.US_ASCII)).isEqualTo(number.array());
    }

    @Test
    void thread_registers_are27Longs() {
        assertThat(CheckpointLayout.Thread.REGS_BYTES).isEqualTo(27 * Long.BYTES);
        assertThat(CheckpointLayout.Thread.XSTATE_OFFSET)
                .isEqualTo(CheckpointLayout.Thread.REGS + CheckpointLayout.Thread.REGS_BYTES);
    }

    @Test
    void constants_keepTheWidthThatTheyHaveInC() {
        Object flag = CheckpointLayout.VMA_STACK;
        Object wide = CheckpointLayout.MAGIC_U64;

        assertThat(flag).isInstanceOf(Integer.class);
        assertThat(wide).isInstanceOf(Long.class);
    }
}
