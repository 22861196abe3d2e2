// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NativeTextTest {

    @Test
    void copyOf_bytesThatAreNotUtf8_keepsThem() {
        byte[] bytes = {'/', (byte) 0xff, (byte) 0xfe};
        NativeText text = NativeText.copyOf(bytes);

        assertThat(text.bytes()).isEqualTo(bytes);
        assertThat(text).hasToString("/\ufffd\ufffd").isNotEqualTo(NativeText.of(text.toString()));
    }

    @Test
    void bytes_changedByTheCaller_stayTheSame() {
        byte[] bytes = {'a'};
        NativeText text = NativeText.copyOf(bytes);

        bytes[0] = 'b';
        text.bytes()[0] = 'c';

        assertThat(text).hasToString("a");
    }

    @Test
    void equals_sameBytes_isTrue() {
        assertThat(NativeText.of("ü")).isEqualTo(NativeText.copyOf(new byte[] {(byte) 0xc3, (byte) 0xbc}));
        assertThat(NativeText.of("")).isSameAs(NativeText.EMPTY);
    }
}
