// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.CheckpointException.Kind;
import dev.undump.checkpoint.CheckpointReader.Progress;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accidents: wrong files, other versions, every kind of truncation, every flipped bit of header and index. */
class CheckpointDamageTest {

    private static final int DATA = CheckpointLayout.PAGE_SIZE;

    @TempDir
    private Path folder;

    private final byte[] whole = CheckpointSamples.everything().build();
    private final int indexOffset = Math.toIntExact(new CheckpointSurgery(whole).headerLong(Header.INDEX_OFFSET));

    @Test
    void read_somethingElse_isNotACheckpoint() throws IOException {
        assertRefused("#!/bin/sh\necho hello, world\n".getBytes(), Kind.NOT_A_CHECKPOINT, "does not begin with UNDUMPCK");
        assertRefused(new byte[4096], Kind.NOT_A_CHECKPOINT, "does not begin with UNDUMPCK");
        assertRefused("U".concat("x").getBytes(), Kind.NOT_A_CHECKPOINT, "give a file that ckpt wrote");
        assertRefused(new byte[0], Kind.NOT_A_CHECKPOINT, "it is empty");
    }

    @Test
    void read_otherVersions_areNamed() throws IOException {
        byte[] old = new CheckpointSurgery(whole).headerInt(Header.VERSION, CheckpointLayout.OLDEST_VERSION - 1).file();
        byte[] future = new CheckpointSurgery(whole).headerInt(Header.VERSION, CheckpointLayout.VERSION + 1).file();
        byte[] farFuture = new CheckpointSurgery(whole).headerInt(Header.VERSION, -1).file();

        assertRefused(old, Kind.TOO_OLD, "its format version is 0, the oldest that this undump reads is 1");
        assertRefused(future, Kind.TOO_NEW, "its format version is 5, the newest that this undump reads is 4");
        assertRefused(farFuture, Kind.TOO_NEW, "its format version is 4294967295");
    }

    @Test
    void read_newerVersionWithOtherHeader_isNamedNevertheless() throws IOException {
        byte[] future = new CheckpointSurgery(whole).headerInt(Header.VERSION, 7).file();

        assertRefused(Arrays.copyOf(future, 16), Kind.TOO_NEW, "use a newer undump");
    }

    @Test
    void read_truncatedAnywhere_isTruncated() throws IOException {
        Set<Integer> lengths = new TreeSet<>(Set.of(1, 7, 8, 11, 12, 127, 128, DATA - 1, DATA, indexOffset, indexOffset + 1));
        for (int i = 1; i <= 64; i++) {
            lengths.add((int) ((long) whole.length * i / 65));
        }
        lengths.add(whole.length - 1);

        for (int length : lengths) {
            assertRefused(Arrays.copyOf(whole, length), Kind.TRUNCATED, "it is truncated: " + length + " bytes found");
        }
    }

    @Test
    void read_bytesBehindTheEnd_isDamaged() throws IOException {
        assertRefused(Arrays.copyOf(whole, whole.length + 3), Kind.DAMAGED, "goes on for 3 bytes behind its end");
    }

    @Test
    void read_anyFlippedBitOfTheHeader_isRefused() throws IOException {
        for (int bit = 0; bit < Header.SIZE_BYTES * 8; bit++) {
            assertThat(kindOf(flipped(bit))).as("bit %d", bit).isNotNull();
        }
    }

    @Test
    void read_anyFlippedBitOfTheIndex_isDamaged() throws IOException {
        // Every bit of a smaller checkpoint, to stay fast.
        byte[] small = new CheckpointBuilder().build();
        int start = Math.toIntExact(new CheckpointSurgery(small).headerLong(Header.INDEX_OFFSET));
        Path file = folder.resolve("flipped");
        for (int bit = start * 8; bit < small.length * 8; bit++) {
            small[bit / 8] ^= (byte) (1 << (bit % 8));
            Files.write(file, small);
            assertThatThrownBy(() -> CheckpointReader.read(file)).hasMessageContaining("the checksum of the index is");
            small[bit / 8] ^= (byte) (1 << (bit % 8));
        }
    }

    @Test
    void verify_flippedBitOfTheData_namesTheMemory() throws IOException {
        Path file = Files.write(folder.resolve("flipped"), flipped((DATA + 100) * 8));

        CheckpointReader.read(file);

        assertThatThrownBy(() -> CheckpointReader.verify(file, Progress.NONE))
                .isInstanceOfSatisfying(CheckpointException.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.DAMAGED);
                    assertThat(e.offset()).isEqualTo(DATA);
                })
                .hasMessageContaining("the checksum of the memory at 0x400000 is");
    }

    @Test
    void verify_flippedBitInThePipe_namesThePipe() throws IOException {
        Path intact = Files.write(folder.resolve("intact"), whole);
        long pipe = CheckpointReader.read(intact).pipes().get(0).dataOffset();
        Path file = Files.write(folder.resolve("flipped"), flipped(Math.toIntExact(pipe * 8)));

        assertThatThrownBy(() -> CheckpointReader.verify(file, Progress.NONE)).hasMessageContaining("contents of pipe 55");
    }

    @Test
    void verify_flippedBitInADeletedFile_namesTheFile() throws IOException {
        Path intact = Files.write(folder.resolve("intact"), whole);
        long contents = CheckpointReader.read(intact).openFiles().get(1).dataOffset();
        Path file = Files.write(folder.resolve("flipped"), flipped(Math.toIntExact(contents * 8 + 3)));

        assertThatThrownBy(() -> CheckpointReader.verify(file, Progress.NONE))
                .hasMessageContaining("contents of the deleted file /tmp/scratch");
    }

    private byte[] flipped(int bit) {
        byte[] copy = whole.clone();
        copy[bit / 8] ^= (byte) (1 << (bit % 8));
        return copy;
    }

    private Kind kindOf(byte[] content) throws IOException {
        try {
            CheckpointReader.read(Files.write(folder.resolve("content"), content));
            return null;
        } catch (CheckpointException e) {
            return e.kind();
        }
    }

    private void assertRefused(byte[] content, Kind kind, String message) throws IOException {
        Path file = Files.write(folder.resolve("content"), content);
        assertThatThrownBy(() -> CheckpointReader.read(file))
                .as("%d bytes", content.length)
                .isInstanceOfSatisfying(CheckpointException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageStartingWith("reading the checkpoint " + file + ": ")
                .hasMessageContaining(message);
    }
}
