// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;

class BytesTest {

    @Test
    void buffer_eachCall_startsAtTheBeginningAndIsLittleEndian() {
        Bytes bytes = Bytes.copyOf(new byte[] {1, 2, 3, 4});

        assertThat(bytes.buffer().getInt()).isEqualTo(0x04030201);
        assertThat(bytes.buffer().getInt()).isEqualTo(0x04030201);
        assertThatThrownBy(() -> bytes.buffer().put((byte) 0)).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    void viewOf_middleOfABuffer_takesWhatRemains() {
        ByteBuffer buffer = ByteBuffer.wrap(new byte[] {1, 2, 3, 4}).position(1).limit(3);

        assertThat(Bytes.viewOf(buffer)).isEqualTo(Bytes.copyOf(new byte[] {2, 3}));
        assertThat(buffer.position()).isEqualTo(1);
    }

    @Test
    void copyOf_changedByTheCaller_staysTheSame() {
        byte[] array = {1};
        Bytes bytes = Bytes.copyOf(array);

        array[0] = 2;
        bytes.toArray()[0] = 3;

        assertThat(bytes).hasToString("01");
    }

    @Test
    void toString_manyBytes_isShortened() {
        assertThat(Bytes.copyOf(new byte[33])).hasToString("00".repeat(32) + "...");
    }
}
