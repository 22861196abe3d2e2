// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.CheckpointReader.Progress;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MemoryFileTest {

    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int READ_WRITE = Mapping.READ | Mapping.WRITE;
    private static final long SHARED = 0x10000000;
    private static final long SHIFTED = 0x20000000;
    private static final long PRIVATE = 0x30000000;

    @TempDir
    private Path folder;

    /** A file of three pages and a bit, of which the second and the third have bytes, with three mappings. */
    private static CheckpointBuilder sample() {
        Map<Long, byte[]> contents = Map.of((long) PAGE, CheckpointSamples.filled(2 * PAGE, 0x11));
        return new CheckpointBuilder()
                .memoryFile("sample", 3 * PAGE + 5, 3, contents)
                .memoryFile("empty", 0, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, 2, 77))
                .openFile(CheckpointSamples.openMemoryFile(1, 2, 0))
                .descriptor(new Descriptor(5, 0, true))
                .mapping(CheckpointSamples.view(0, SHARED, 6, MappingKind.SHARED_FILE, READ_WRITE, 0, 0))
                .mapping(CheckpointSamples.view(0, SHIFTED, 1, MappingKind.SHARED_FILE, READ_WRITE, 0, 2 * PAGE))
                .mapping(CheckpointSamples.view(0, PRIVATE, 3, MappingKind.PRIVATE_FILE, READ_WRITE, 0, 0))
                .bytes(PRIVATE + PAGE, ExtentKind.PRIVATE, CheckpointSamples.filled(PAGE, 0x22));
    }

    @Test
    void verify_memoryFiles_areReadAsWritten() throws IOException {
        Checkpoint checkpoint = CheckpointReader.verify(sample().write(folder.resolve("my.dat")), Progress.NONE);

        assertThat(checkpoint.memoryFiles()).extracting(MemoryFile::name).map(NativeText::toString)
                .containsExactly("sample", "empty");
        MemoryFile file = checkpoint.memoryFiles().get(0);
        assertThat(file.inode()).isEqualTo(900);
        assertThat(file.sizeBytes()).isEqualTo(3 * PAGE + 5);
        assertThat(file.seals()).isEqualTo(3);
        assertThat(file.mode()).isEqualTo(0100777);
        assertThat(file.extents()).extracting(FileExtent::range).containsExactly(new ByteRange(PAGE, 3 * PAGE));
        assertThat(file.storedBytes()).isEqualTo(2 * PAGE);
        assertThat(checkpoint.openFiles().get(1).object()).isEqualTo(1);
    }

    @Test
    void memory_views_showTheFileAndWhatIsTheirOwn() throws IOException {
        Checkpoint checkpoint = CheckpointReader.read(sample().write(folder.resolve("my.dat")));
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            assertThat(memory.readInt(SHARED)).hasValue(0);
            assertThat(memory.readInt(SHARED + PAGE)).hasValue(0x11111111);
            assertThat(memory.readInt(SHARED + 3 * PAGE)).hasValue(0);
            assertThat(memory.readInt(SHARED + 4 * PAGE)).as("behind the end").isEmpty();
            assertThat(memory.readInt(SHIFTED)).hasValue(0x11111111);
            assertThat(memory.readInt(PRIVATE)).hasValue(0);
            assertThat(memory.readInt(PRIVATE + PAGE)).hasValue(0x22222222);
            assertThat(memory.readInt(PRIVATE + 2 * PAGE)).hasValue(0x11111111);
        }
    }

    @Test
    void verify_changedContents_areFound() throws IOException {
        byte[] bytes = sample().build();
        int place = indexOf(bytes, (byte) 0x11);
        bytes[place]++;
        Path file = Files.write(folder.resolve("damaged"), bytes);

        assertThatThrownBy(() -> CheckpointReader.verify(file, Progress.NONE))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("memory file sample");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void read_hostileNumber_isDamaged(String message, UnaryOperator<CheckpointSurgery> change) throws IOException {
        byte[] hostile = change.apply(new CheckpointSurgery(sample().build())).file();
        Path file = Files.write(folder.resolve("hostile"), hostile);

        assertThatThrownBy(() -> CheckpointReader.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }

    static Stream<Arguments> lies() {
        int files = CheckpointLayout.SECTION_MEMORY_FILES;
        int extents = CheckpointLayout.SECTION_FILE_EXTENTS;
        int mappings = CheckpointLayout.SECTION_MAPPINGS;
        int descriptions = CheckpointLayout.SECTION_DESCRIPTIONS;
        return Stream.of(
                lie("size of a memory file", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.SIZE, -1)),
                lie("size of a memory file", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.SIZE, Long.MAX_VALUE)),
                lie("offset of the file extent", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.SIZE, PAGE)),
                lie("number of extents", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.EXTENT_COUNT, 2)),
                lie("number of extents", s -> s.recordLong(files, 1, CheckpointLayout.MemoryFile.EXTENT_COUNT, 1)),
                lie("belongs to none", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.EXTENT_COUNT, 0)),
                lie("index of the first extent", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.FIRST_EXTENT, 7)),
                lie("reserved byte", s -> s.recordLong(files, 0, CheckpointLayout.MemoryFile.RESERVED, 1)),
                lie("offset of the file extent", s -> s.recordLong(extents, 0, CheckpointLayout.FileExtent.OFFSET, 1)),
                lie("length of the file extent", s -> s.recordLong(extents, 0, CheckpointLayout.FileExtent.LENGTH, 0)),
                lie("outside the data area", s -> s.recordLong(extents, 0, CheckpointLayout.FileExtent.FILE_OFFSET, 1L << 40)),
                lie("place of the file extent", s -> s.recordLong(extents, 0, CheckpointLayout.FileExtent.FILE_OFFSET, 0)),
                lie("used twice", s -> s.recordLong(extents, 0, CheckpointLayout.FileExtent.FILE_OFFSET, PAGE)),
                lie("refers to memory file 2", s -> s.recordInt(mappings, 0, CheckpointLayout.Mapping.SHARE_ID, 3)),
                lie("share id", s -> s.recordInt(mappings, 0, CheckpointLayout.Mapping.SHARE_ID, -1)),
                lie("belong to its memory file", s -> s.recordInt(
                        mappings, 2, CheckpointLayout.Mapping.KIND, CheckpointLayout.MAPPING_SHARED_FILE)),
                lie("belong to its memory file", s -> s.recordInt(
                        CheckpointLayout.SECTION_EXTENTS, 0, CheckpointLayout.Extent.KIND, CheckpointLayout.EXTENT_FILE)),
                lie("refers to memory file 9", s -> s.recordInt(descriptions, 0, CheckpointLayout.Description.OBJECT, 9)));
    }

    private static Arguments lie(String message, UnaryOperator<CheckpointSurgery> change) {
        return Arguments.of(message, change);
    }

    private static int indexOf(byte[] bytes, byte value) {
        for (int i = PAGE; i < bytes.length; i++) {
            if (bytes[i] == value) {
                return i;
            }
        }
        throw new AssertionError("no such byte");
    }
}
