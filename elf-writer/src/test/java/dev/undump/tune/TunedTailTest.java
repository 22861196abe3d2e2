// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.image.ImageOptions;
import dev.undump.image.ImageWriter;
import dev.undump.image.WriteProgress;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.plan.PlanSamples;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.fornwall.jelf.ElfFile;
import net.fornwall.jelf.ElfSection;
import net.fornwall.jelf.ElfSegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TunedTailTest {

    private static final Observation OBSERVED = new Observation(
            "exited 0", 5, false, 0, false, PageRangesTest.ranges(0, 20, 30), PageRangesTest.ranges(0, 31, 33));

    @TempDir
    private Path folder;

    private Path image;

    @BeforeEach
    void makeImage() throws Exception {
        image = folder.resolve("image");
        ImageWriter.write(
                PlanSamples.read(PlanSamples.builder(PlanSamples.heap()).thread(CheckpointSamples.thread(PlanSamples.TID)), folder),
                ImageOptions.DEFAULT,
                image,
                WriteProgress.NONE);
    }

    @Test
    void tunedImage_beginsWithTheUntunedOne() throws Exception {
        byte[] untuned = Files.readAllBytes(image);
        byte[] tuned = Files.readAllBytes(tune(image));

        assertThat(Arrays.copyOfRange(tuned, ImageLayout.HEAD_BYTES, untuned.length))
                .isEqualTo(Arrays.copyOfRange(untuned, ImageLayout.HEAD_BYTES, untuned.length));
    }

    @Test
    void tunedImage_planIsWholeAndLoaded() throws Exception {
        Path tuned = tune(image);
        byte[] bytes = Files.readAllBytes(tuned);
        ElfFile elf = ElfFile.from(bytes);
        ElfSection plan = elf.firstSectionByName(".undump.plan");
        ElfSection threads = elf.firstSectionByName(".undump.threads");
        ByteBuffer head = ByteBuffer.wrap(bytes, (int) plan.header.sh_offset, (int) plan.header.sh_size)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);

        assertThat(head.getLong(Plan.IMAGE_SIZE)).isEqualTo(bytes.length);
        assertThat(head.getLong(Plan.PLAN_SIZE)).isEqualTo(plan.header.sh_size);
        assertThat(UntunedImage.crc(head, Plan.PLAN_CRC)).isEqualTo(head.getInt(Plan.PLAN_CRC));
        assertThat(threads.header.sh_addr).isEqualTo(plan.header.sh_addr + plan.header.sh_size);
        assertThat(elf.segmentsOfType(ElfSegment.PT_LOAD))
                .anyMatch(segment -> segment.p_offset == plan.header.sh_offset && segment.p_vaddr == plan.header.sh_addr)
                .anyMatch(segment ->
                        segment.p_offset == threads.header.sh_offset && segment.p_vaddr == threads.header.sh_addr);
    }

    @Test
    void tunedImage_tunedAgain_sameBytes() throws Exception {
        Path tuned = tune(image);

        Path again = tune(tuned);

        assertThat(Files.mismatch(again, tuned)).isEqualTo(-1);
    }

    @Test
    void tunedImage_otherObservation_asOfTheUntunedImage() throws Exception {
        Observation nothing = new Observation("exited 0", 1, false, 0, false, PageRanges.NONE, PageRanges.NONE);

        Path direct = tune(image, nothing);

        assertThat(Files.mismatch(tune(tune(image), nothing), direct)).isEqualTo(-1);
    }

    @Test
    void shortenedCall_followsItsThreadBlock() throws Exception {
        // A restarted nanosleep: its frame points to the record, and to the timespec in it, of its own block.
        Path sleeping = folder.resolve("sleeping");
        ByteBuffer heap = PlanSamples.heap().putLong(0, 10);
        CheckpointThread thread = PlanSamples.thread(
                PlanSamples.TID,
                PlanSamples.registers(PlanSamples.HEAP, 0),
                Optional.of(new InterruptedCall(35, -516, 1_000_000_000L)));
        ImageWriter.write(
                PlanSamples.read(PlanSamples.builder(heap).thread(thread), folder),
                ImageOptions.DEFAULT,
                sleeping,
                WriteProgress.NONE);
        UntunedImage untuned = read(sleeping);
        long before = untuned.sections().get(SectionTable.THREADS).address();
        Path tuned = tune(sleeping);
        byte[] bytes = Files.readAllBytes(tuned);
        ElfSection threads = ElfFile.from(bytes).firstSectionByName(".undump.threads");
        ByteBuffer blocks = ByteBuffer.wrap(bytes, (int) threads.header.sh_offset, (int) threads.header.sh_size)
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN);
        long moved = threads.header.sh_addr - before;

        assertThat(moved).isPositive();
        int differences = 0;
        for (int at = 0; at < blocks.limit(); at += Long.BYTES) {
            long old = untuned.blocks().getLong(at);
            if (blocks.getLong(at) != old) {
                assertThat(old).as("at %d", at).isBetween(before, before + blocks.limit());
                assertThat(blocks.getLong(at)).as("at %d", at).isEqualTo(old + moved);
                differences++;
            }
        }
        assertThat(differences).isEqualTo(3); // xstate, record, timespec
    }

    @Test
    void read_damagedImages_areRefused() throws Exception {
        byte[] whole = Files.readAllBytes(tune(image));

        for (int length = 0; length < whole.length; length += 997) {
            Path damaged = Files.write(folder.resolve("damaged"), Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> read(damaged)).as("%d bytes", length).isInstanceOf(TuneException.class);
        }
        for (int at = ImageLayout.HEAD_BYTES; at < whole.length; at += 61) {
            whole[at] ^= 4;
            Path damaged = Files.write(folder.resolve("damaged"), whole);
            whole[at] ^= 4;
            try {
                read(damaged);
            } catch (TuneException e) {
                assertThat(e).hasMessageStartingWith("tuning ");
            }
        }
    }

    private static UntunedImage read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return UntunedImage.read(file, channel);
        }
    }

    private Path tune(Path from) throws IOException {
        return tune(from, OBSERVED);
    }

    private Path tune(Path from, Observation observation) throws IOException {
        UntunedImage untuned = read(from);
        List<MemoryStep> steps = new PlanEditor(untuned).steps();
        TunedTail tail = TunedTail.of(untuned, TunedSteps.of(steps, observation, untuned.sizeBytes()), observation, 1000);
        Path tuned = Files.createTempFile(folder, "tuned", "");
        byte[] prefix = Arrays.copyOf(Files.readAllBytes(from), (int) untuned.sizeBytes());
        try (FileChannel channel = FileChannel.open(tuned, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(prefix), 0);
            channel.write(tail.tail(), tail.tailOffset());
            channel.write(tail.head(), 0);
        }
        return tuned;
    }
}
