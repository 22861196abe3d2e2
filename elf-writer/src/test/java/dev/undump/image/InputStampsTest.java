// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.InputSamples;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.plan.InputPolicy;
import dev.undump.plan.LaunchPolicies;
import dev.undump.plan.PlanSamples;
import dev.undump.plan.PlannedInput;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputStampsTest {

    @TempDir
    private Path folder;

    private Path file;
    private Path link;

    @BeforeEach
    void makeFiles() throws IOException {
        file = Files.writeString(folder.resolve("file"), "abc");
        link = Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
    }

    @Test
    void read_image_hasTheInputsOfItsCheckpoint() throws Exception {
        Path image = write(true);
        assertThat(InputStamps.read(image))
                .extracting(PlannedInput::path)
                .extracting(Object::toString)
                .containsExactly(file.toString(), link.toString(), folder.resolve("none").toString());
        assertThat(InputStamps.firstChange(image)).isEmpty();
        Files.writeString(folder.resolve("none"), "");
        assertThat(InputStamps.firstChange(image)).contains(folder.resolve("none").toString());
    }

    @Test
    void read_withoutInputs_isEmpty() throws Exception {
        Path image = write(false);
        assertThat(InputStamps.read(image)).isEmpty();
        assertThat(InputStamps.renew(image)).isEmpty();
    }

    @Test
    void renew_equalFiles_takesTheirStampsAndStaysAnImage() throws Exception {
        Path image = write(true);
        byte[] before = Files.readAllBytes(image);
        Files.delete(file);
        Files.writeString(folder.resolve("another inode"), "");
        Files.writeString(file, "abc");
        assertThat(InputStamps.renew(image)).isEmpty();
        assertThat(Files.readAllBytes(image)).isNotEqualTo(before);
        PlannedInput renewed = InputStamps.read(image).get(0);
        assertThat(renewed.stamp()).isEqualTo(InputSamples.of(InputKind.FILE, file).stamp());
        byte[] after = Files.readAllBytes(image);
        assertThat(InputStamps.renew(image)).isEmpty();
        assertThat(Files.readAllBytes(image)).isEqualTo(after);
    }

    @Test
    void renew_changedFile_isNamedAndNothingIsWritten() throws Exception {
        Path image = write(true);
        byte[] before = Files.readAllBytes(image);
        Files.writeString(file, "abd");
        assertThat(InputStamps.renew(image)).contains(file.toString());
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    @Test
    void read_somethingElse_isSaid() throws Exception {
        assertThatThrownBy(() -> InputStamps.read(file)).isInstanceOf(IOException.class).hasMessageContaining("it ends at byte 3");
        Path image = write(true);
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            PlanPlace plan = PlanPlace.find(channel).get(0);
            channel.write(ByteBuffer.wrap(new byte[] {99}), plan.offset() + Plan.UMASK);
        }
        assertThatThrownBy(() -> InputStamps.read(image)).hasMessageContaining("checksum");
    }

    private Path write(boolean checked) throws Exception {
        CheckpointBuilder builder = PlanSamples.builder(PlanSamples.heap())
                .thread(CheckpointSamples.thread(PlanSamples.TID))
                .input(InputSamples.of(InputKind.FILE, file))
                .input(InputSamples.of(InputKind.LINK, link))
                .input(InputSamples.of(InputKind.MISSING, folder.resolve("none")));
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        InputPolicy policy = new InputPolicy(checked, Optional.empty(), List.of(), Optional.empty());
        ImageOptions options = new ImageOptions(false, LaunchPolicies.NONE.withInputs(policy), false);
        Path image = folder.resolve("image");
        ImageWriter.write(checkpoint, options, image, WriteProgress.NONE);
        return image;
    }
}
