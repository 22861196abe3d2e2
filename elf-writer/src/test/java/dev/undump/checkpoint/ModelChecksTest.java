// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the records themselves refuse, whoever makes them. */
class ModelChecksTest {

    @Test
    void registers_arguments_followTheCallingConvention() {
        Registers registers = new Registers(
                0, 0, 0, 0, 0, 0, 0, 13, 15, 14, 0, 0, 12, 11, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        for (int i = 0; i < 6; i++) {
            assertThat(registers.argument(i)).as("argument %d", i).isEqualTo(10 + i);
        }
        assertThatThrownBy(() -> registers.argument(6)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void affinity_contains_countsFromTheLowestBit() {
        List<Long> words = new ArrayList<>(Collections.nCopies(Affinity.WORDS, 0L));
        words.set(1, Long.MIN_VALUE);
        Affinity affinity = new Affinity(words);

        assertThat(affinity.contains(127)).isTrue();
        assertThat(affinity.contains(126)).isFalse();
        assertThat(affinity.contains(-1)).isFalse();
        assertThat(affinity.contains(1024)).isFalse();
        assertThat(affinity.count()).isEqualTo(1);
        assertThatThrownBy(() -> new Affinity(List.of(1L))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void mapping_lists_areCopied() {
        List<Extent> extents = new ArrayList<>();
        Mapping sample = CheckpointSamples.mapping(0x10000, 1, MappingKind.ANONYMOUS, 3, 0, "");
        Mapping mapping = new Mapping(
                sample.range(), sample.kind(), 3, 0, 0, 0, 0, 0, 0, sample.name(), 0, 0, extents);

        extents.add(new Extent(0x10000, 4096, 4096, ExtentKind.PRIVATE, 0));

        assertThat(mapping.extents()).isEmpty();
    }

    @Test
    void extent_beyondTheAddressSpace_isRefused() {
        assertThatThrownBy(() -> new Extent(1L << 56, 4096, 4096, ExtentKind.PRIVATE, 0)).hasMessageContaining("extent address");
        assertThatThrownBy(() -> new Extent((1L << 56) - 4096, 8192, 4096, ExtentKind.PRIVATE, 0))
                .hasMessageContaining("extent length");
    }

    @Test
    void codes_everyConstant_comesBack() {
        for (MappingKind kind : MappingKind.values()) {
            assertThat(MappingKind.ofCode(kind.code())).isEqualTo(kind);
        }
        for (ExtentKind kind : ExtentKind.values()) {
            assertThat(ExtentKind.ofCode(kind.code())).isEqualTo(kind);
        }
        for (FileKind kind : FileKind.values()) {
            assertThat(FileKind.ofCode(kind.code())).isEqualTo(kind);
        }
        for (Trigger trigger : Trigger.values()) {
            assertThat(Trigger.ofCode(trigger.code())).isEqualTo(trigger);
        }
    }

    @Test
    void trigger_ofTheProgramItself_makesACommand() {
        for (Trigger trigger : Trigger.values()) {
            assertThat(trigger.makesCommand()).isEqualTo(trigger == Trigger.API || trigger == Trigger.SELF);
        }
    }

    @Test
    void id_toString_isInTheOrderOfTheFile() {
        assertThat(new CheckpointId(0x0001020304050607L, 0x08090a0b0c0d0e0fL))
                .hasToString("000102030405060708090a0b0c0d0e0f");
    }
}
