// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.Rlimit;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Room for the main stack and for the stub. */
class AddressSpaceTest {

    private static final long GIB = 1L << 30;
    private static final long MIB = 1L << 20;
    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int RLIMIT_STACK = 3;
    private static final long STACK = 0x7ffffff00000L;
    private static final long STACK_END = STACK + 16 * PAGE;

    @TempDir
    private Path folder;

    @Test
    void stackGrowth_reachesDownToItsLimit() throws IOException {
        assertThat(grown(8 * MIB, -1)).isEqualTo(new ByteRange(STACK_END - 8 * MIB, STACK_END));
    }

    @Test
    void stackGrowth_unlimited_hasAFixedSize() throws IOException {
        assertThat(grown(Rlimit.UNLIMITED, -1)).isEqualTo(new ByteRange(STACK_END - 64 * MIB, STACK_END));
    }

    @Test
    void stackGrowth_smallerThanTheStack_keepsIt() throws IOException {
        assertThat(grown(4096, -1)).isEqualTo(new ByteRange(STACK, STACK_END));
    }

    @Test
    void stackGrowth_neighbourBelow_leavesAGap() throws IOException {
        long neighbourEnd = STACK - 3 * MIB;
        assertThat(grown(8 * MIB, neighbourEnd)).isEqualTo(new ByteRange(neighbourEnd + MIB, STACK_END));
        assertThat(grown(8 * MIB, STACK - PAGE)).isEqualTo(new ByteRange(STACK, STACK_END));
    }

    @Test
    void slotFinder_nothingInTheWay_isBelowTheLimit() throws Exception {
        assertThat(slot(List.of())).isEqualTo(ImageLayout.SLOT_LIMIT - 4 * GIB);
    }

    @Test
    void slotFinder_somethingInTheWay_keepsADistance() throws Exception {
        long first = ImageLayout.SLOT_LIMIT - 4 * GIB;
        assertThat(slot(List.of(new ByteRange(first + 2 * GIB - PAGE, first + 2 * GIB)))).isEqualTo(first - 4 * GIB);
        assertThat(slot(List.of(new ByteRange(first - GIB, first - GIB + PAGE)))).isEqualTo(first - 4 * GIB);
    }

    @Test
    void slotFinder_littleRoom_takesWhatThereIs() throws Exception {
        List<ByteRange> all = List.of(new ByteRange(4096, 70 * GIB), new ByteRange(71 * GIB, ImageLayout.SLOT_LIMIT));
        assertThat(slot(all)).isEqualTo(70 * GIB);
    }

    @Test
    void slotFinder_heapMayGrow_staysAway() throws Exception {
        List<ByteRange> high = List.of(new ByteRange(60 * GIB, ImageLayout.SLOT_LIMIT));
        assertThatThrownBy(() -> slot(high))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("1 GiB of free address space");
    }

    private long slot(List<ByteRange> occupied) throws Exception {
        return new SlotFinder(occupied, PlanSamples.read(new CheckpointBuilder(), folder)).find();
    }

    private ByteRange grown(long stackLimit, long neighbourEnd) throws IOException {
        CheckpointBuilder builder = new CheckpointBuilder()
                .process(CheckpointSamples.processWithLimit(PlanSamples.TID, RLIMIT_STACK, stackLimit));
        int flags = CheckpointLayout.VMA_STACK | CheckpointLayout.VMA_GROWSDOWN;
        builder.mapping(CheckpointSamples.mapping(STACK, 16, MappingKind.ANONYMOUS, Mapping.READ, flags, "[stack]"));
        if (neighbourEnd > 0) {
            builder.mapping(CheckpointSamples.mapping(neighbourEnd - PAGE, 1, MappingKind.ANONYMOUS, 0, 0, ""));
        }
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        Mapping stack = checkpoint.mappings().get(checkpoint.mappings().size() - 1);
        return StackGrowth.of(stack, checkpoint);
    }
}
