// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointMemoryTest {

    private static final int PAGE = CheckpointSamples.PAGE;

    @TempDir
    private Path folder;

    private Checkpoint checkpoint;
    private CheckpointMemory memory;

    @BeforeEach
    void open() throws IOException {
        checkpoint = CheckpointReader.read(CheckpointSamples.everything().write(folder.resolve("my.dat")));
        memory = CheckpointMemory.open(checkpoint);
    }

    @AfterEach
    void close() throws IOException {
        memory.close();
    }

    @Test
    void read_storedPage_returnsItsBytes() throws IOException {
        assertThat(memory.readLong(CheckpointSamples.HEAP + PAGE + 8)).hasValue(0x1111111111111111L);
        assertThat(memory.readInt(CheckpointSamples.HEAP + PAGE)).hasValue(0x11111111);
    }

    @Test
    void read_absentPage_isZero() throws IOException {
        assertThat(memory.readLong(CheckpointSamples.HEAP)).hasValue(0);
        assertThat(memory.readLong(CheckpointSamples.HEAP + 2 * PAGE)).hasValue(0);
    }

    @Test
    void read_acrossExtentAndGap_joinsThem() throws IOException {
        ByteBuffer bytes = memory.read(CheckpointSamples.HEAP + PAGE - 2, 4).orElseThrow();

        assertThat(bytes.array()).containsExactly(0, 0, 0x11, 0x11);
    }

    @Test
    void read_acrossTouchingMappings_joinsThem() throws IOException {
        Path file = folder.resolve("touching");
        new CheckpointBuilder()
                .mapping(CheckpointSamples.mapping(0x10000, 1, MappingKind.ANONYMOUS, 3, 0, ""))
                .bytes(0x10000, ExtentKind.PRIVATE, CheckpointSamples.filled(PAGE, 1))
                .mapping(CheckpointSamples.mapping(0x11000, 1, MappingKind.ANONYMOUS, 1, 0, ""))
                .bytes(0x11000, ExtentKind.PRIVATE, CheckpointSamples.filled(PAGE, 2))
                .write(file);

        try (CheckpointMemory touching = CheckpointMemory.open(CheckpointReader.read(file))) {
            assertThat(touching.readInt(0x10ffe)).hasValue(0x02020101);
            assertThat(touching.readInt(0x11ffe)).isEmpty();
        }
    }

    @Test
    void read_outsideEveryMapping_isEmpty() throws IOException {
        assertThat(memory.read(0, 1)).isEmpty();
        assertThat(memory.read(-1, 1)).isEmpty();
        assertThat(memory.read(CheckpointSamples.CODE - 1, 2)).isEmpty();
        assertThat(memory.read(Long.MAX_VALUE, 2)).isEmpty();
        assertThat(memory.read(CheckpointSamples.HEAP + 3 * PAGE - 1, 2)).isEmpty();
    }

    @Test
    void read_guardOrBeyondEndOrKernelData_isEmpty() throws IOException {
        assertThat(memory.readLong(CheckpointSamples.GUARDED)).isEmpty();
        assertThat(memory.readLong(CheckpointSamples.GUARDED + PAGE - 4)).isEmpty();
        assertThat(memory.readLong(CheckpointSamples.GUARDED + PAGE)).isPresent();
        assertThat(memory.readLong(CheckpointSamples.CODE + 3 * PAGE)).isEmpty();
        assertThat(memory.readLong(CheckpointSamples.VVAR)).isEmpty();
    }

    @Test
    void mappingAt_edges_isHalfOpen() {
        assertThat(memory.mappingAt(CheckpointSamples.STACK)).get().extracting(Mapping::isStack).isEqualTo(true);
        assertThat(memory.mappingAt(CheckpointSamples.STACK + 33 * PAGE)).isEmpty();
        assertThat(memory.mappingAt(CheckpointSamples.STACK - 1)).isEmpty();
    }

    @Test
    void read_fileShrunkMeanwhile_saysSo() throws IOException {
        try (FileChannel channel = FileChannel.open(checkpoint.file(), StandardOpenOption.WRITE)) {
            channel.truncate(PAGE);
        }

        assertThatThrownBy(() -> memory.readLong(CheckpointSamples.CODE))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("ended at byte");
    }
}
