// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.PlanException;
import dev.undump.plan.PlanSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageWriterTest {

    @TempDir
    private Path folder;

    @Test
    void write_twoFolders_identicalBytes() throws Exception {
        Path first = Files.createDirectory(folder.resolve("first"));
        Path second = Files.createDirectory(folder.resolve("second"));
        byte[] one = Files.readAllBytes(write(first, "image"));
        byte[] two = Files.readAllBytes(write(second, "other name"));
        assertThat(one).isEqualTo(two);
    }

    @Test
    void write_mode_isForTheOwnerAlone() throws Exception {
        Path image = write(folder, "image");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image))).isEqualTo("rwx------");
    }

    @Test
    void write_existingFile_isReplaced() throws Exception {
        Path image = folder.resolve("image");
        Files.writeString(image, "old");
        write(folder, "image");
        assertThat(Files.size(image)).isGreaterThan(8192);
        assertThat(names()).containsExactlyInAnyOrder("image", "myckpt.dat");
    }

    @Test
    void write_noSuchDirectory_isSaidAndLeavesNothing() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        Path image = folder.resolve("missing").resolve("image");
        assertThatThrownBy(() -> ImageWriter.write(checkpoint, ImageOptions.DEFAULT, image, WriteProgress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("missing")
                .hasMessageContaining("does not exist");
    }

    @Test
    void write_ontoADirectory_isSaid() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        assertThatThrownBy(() -> ImageWriter.write(checkpoint, ImageOptions.DEFAULT, folder, WriteProgress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("is a directory");
    }

    @Test
    void write_ontoADevice_isSaid() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        assertThatThrownBy(() ->
                        ImageWriter.write(checkpoint, ImageOptions.DEFAULT, Path.of("/dev/null"), WriteProgress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("/dev/null")
                .hasMessageContaining("no regular file");
    }

    @Test
    void write_throughALink_keepsTheLink() throws Exception {
        Path real = Files.createDirectory(folder.resolve("real")).resolve("image");
        Files.writeString(real, "old");
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        ImageWriter.write(checkpoint(folder), ImageOptions.DEFAULT, link, WriteProgress.NONE);
        assertThat(link).isSymbolicLink();
        assertThat(Files.size(real)).isGreaterThan(8192);
    }

    @Test
    void write_refusedByThePlanner_leavesNothing() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(
                PlanSamples.builder(PlanSamples.heap())
                        .thread(CheckpointSamples.thread(
                                PlanSamples.TID, Optional.of(new InterruptedCall(-1, -516, 0)))),
                folder);
        Path image = folder.resolve("image");
        assertThatThrownBy(() -> ImageWriter.write(checkpoint, ImageOptions.DEFAULT, image, WriteProgress.NONE))
                .isInstanceOf(PlanException.class);
        assertThat(names()).containsExactly("myckpt.dat");
    }

    @Test
    void write_progressThrows_endsTheWriting() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        WriteProgress stop = (done, total) -> {
            throw new CancellationException("enough");
        };
        assertThatThrownBy(() -> ImageWriter.write(checkpoint, ImageOptions.DEFAULT, folder.resolve("image"), stop))
                .isInstanceOf(CancellationException.class)
                .hasMessage("enough");
        assertThat(names()).containsExactly("myckpt.dat");
    }

    @Test
    void write_checkpointShrinksMeanwhile_leavesNothing() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        byte[] bytes = Files.readAllBytes(checkpoint.file());
        Files.write(checkpoint.file(), Arrays.copyOf(bytes, 3 * PlanSamples.PAGE));
        Path image = folder.resolve("image");
        assertThatThrownBy(() -> ImageWriter.write(checkpoint, ImageOptions.DEFAULT, image, WriteProgress.NONE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ended at byte");
        assertThat(names()).containsExactly("myckpt.dat");
    }

    @Test
    void write_progress_endsAtTheTotal() throws Exception {
        List<Long> done = new ArrayList<>();
        List<Long> totals = new ArrayList<>();
        ImageWriter.write(checkpoint(folder), ImageOptions.DEFAULT, folder.resolve("image"), (bytes, total) -> {
            done.add(bytes);
            totals.add(total);
        });
        assertThat(done).isSorted();
        assertThat(totals).containsOnly(3L * PlanSamples.PAGE);
        assertThat(done.get(done.size() - 1)).isEqualTo(3L * PlanSamples.PAGE);
    }

    @Test
    void write_plan_carriesItsChecksumsSizesAndId() throws Exception {
        Path image = write(folder, "image");
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
        ElfSection section = ElfFile.from(image).firstSectionByName(".undump.plan");
        int at = (int) section.header.sh_offset;
        assertThat(file.getLong(at + ImageLayout.Plan.MAGIC)).isEqualTo(ImageLayout.MAGIC_U64);
        assertThat(file.getLong(at + ImageLayout.Plan.IMAGE_SIZE)).isEqualTo(file.capacity());
        assertThat(file.getLong(at + ImageLayout.Plan.PLAN_SIZE)).isEqualTo(section.header.sh_size);
        int sum = file.getInt(at + ImageLayout.Plan.PLAN_CRC);
        file.putInt(at + ImageLayout.Plan.PLAN_CRC, 0);
        CRC32C crc = new CRC32C();
        crc.update(file.array(), at, (int) section.header.sh_size);
        assertThat((int) crc.getValue()).isEqualTo(sum);
        int id = (int) file.getLong(at + ImageLayout.Plan.ID_OFFSET);
        assertThat(file.slice(id, 16)).isEqualTo(file.slice(at + ImageLayout.Plan.IMAGE_ID, 16));
    }

    @Test
    void write_checkpointInside_canBeReadAgain() throws Exception {
        Checkpoint checkpoint = checkpoint(folder);
        Path image = write(folder, "image");
        ElfSection section = ElfFile.from(image).firstSectionByName(".undump.checkpoint");
        Checkpoint inside =
                CheckpointReader.readSummary(image, section.header.sh_offset, section.header.sh_size);
        assertThat(inside.threads()).isEqualTo(checkpoint.threads());
        assertThat(inside.mappings()).isEqualTo(checkpoint.mappings());
    }

    private Path write(Path where, String name) throws Exception {
        Path image = where.resolve(name);
        ImageWriter.write(checkpoint(where), ImageOptions.DEFAULT, image, WriteProgress.NONE);
        return image;
    }

    private static Checkpoint checkpoint(Path where) throws IOException {
        ByteBuffer heap = PlanSamples.heap();
        heap.put(0, "some heap".getBytes(StandardCharsets.UTF_8));
        return PlanSamples.read(
                PlanSamples.builder(heap)
                        .pages(PlanSamples.CODE + PlanSamples.PAGE, ExtentKind.GUARD, CheckpointSamples.PAGE)
                        .thread(CheckpointSamples.thread(PlanSamples.TID)),
                where);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
