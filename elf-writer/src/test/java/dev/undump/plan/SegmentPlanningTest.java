// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointException;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Segment;
import dev.undump.checkpoint.Semaphore;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentPlanningTest {

    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int R = Mapping.READ;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final int MAY_WRITE = CheckpointLayout.VMA_MAY_WRITE;
    private static final long A = 0x10000000;
    private static final long B = 0x20000000;

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private LaunchPolicies policies = LaunchPolicies.NONE;

    private static Segment segment(int flags) {
        return new Segment(0, 7, 0x1234, 0640, 10, 20, 30, 40, 2 * PAGE - 5, 1_700_000_000, flags);
    }

    @Test
    void attached_isFoundByWhatItWas() throws Exception {
        builder.memoryFile("SYSV00001234", 2 * PAGE - 5, 0, Map.of((long) PAGE, CheckpointSamples.filled(PAGE, 1)))
                .segment(segment(0))
                .mapping(CheckpointSamples.view(0, A, 2, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0));
        Planned plan = plan();
        FileOp made = plan.fileOps().get(0);
        assertThat(made.kind()).isEqualTo(FileOp.Kind.SEGMENT);
        assertThat(made.fd()).isEqualTo(ImageLayout.ASIDE_FIRST);
        assertThat(made.openFlags()).isEqualTo(0640);
        assertThat(made.path()).hasToString("System V shared memory 7 (key 0x00001234)");
        assertThat(made.offset()).isEqualTo(10 | 20L << 32);
        assertThat(made.values())
                .containsExactly(
                        FileOp.number(7 | 0x1234L << 32),
                        FileOp.number(2 * PAGE - 5),
                        FileOp.number(1_700_000_000),
                        FileOp.number(30 | 40L << 32));
        assertThat(plan.fileOps().get(1).kind()).isEqualTo(FileOp.Kind.SEGMENT_DATA);
        assertThat(plan.memoryOps()).contains(MemoryOp.segment(ByteRange.ofLength(A, 2 * PAGE), 0, 0, 0));
    }

    @Test
    void destroyed_isMadeAnew_andPartsOfItKeepAccessAndProtection() throws Exception {
        builder.memoryFile("SYSV00001234", 2 * PAGE - 5, 0, Map.of())
                .segment(segment(CheckpointLayout.SEGMENT_DESTROYED))
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.SHARED_FILE, R, MAY_WRITE, PAGE))
                .mapping(CheckpointSamples.view(0, B, 2, MappingKind.SHARED_FILE, R, 0, 0));
        Planned plan = plan();
        assertThat(plan.fileOps().get(0).openFlags()).isEqualTo(0640 | ImageLayout.SEGMENT_DESTROYED);
        assertThat(plan.memoryOps())
                .contains(
                        MemoryOp.segment(ByteRange.ofLength(A, PAGE), 0, 0, PAGE),
                        MemoryOp.segment(ByteRange.ofLength(B, 2 * PAGE), ImageLayout.SEGMENT_READ_ONLY, 0, 0),
                        MemoryOp.protect(ByteRange.ofLength(A, PAGE), R));
    }

    @Test
    void partsOfOneAttachment_areAttachedAtOnce_andHolesUnmapped() throws Exception {
        builder.memoryFile("SYSV00001234", 2 * PAGE - 5, 0, Map.of())
                .segment(new Segment(0, 7, 0x1234, 0640, 10, 20, 30, 40, 5 * PAGE, 1, 0))
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.SHARED_FILE, R, MAY_WRITE, 0))
                .mapping(CheckpointSamples.view(0, A + PAGE, 1, MappingKind.SHARED_FILE, RW, MAY_WRITE, PAGE))
                .mapping(CheckpointSamples.mapping(A + 2 * PAGE, 1, MappingKind.ANONYMOUS, RW, 0, ""))
                .mapping(CheckpointSamples.view(0, A + 4 * PAGE, 1, MappingKind.SHARED_FILE, RW, MAY_WRITE, 4 * PAGE));
        assertThat(plan().memoryOps())
                .containsExactly(
                        MemoryOp.segment(ByteRange.ofLength(A, 5 * PAGE), 0, 0, 0),
                        MemoryOp.anonymous(ByteRange.ofLength(A + 2 * PAGE, PAGE), RW, 0),
                        MemoryOp.protect(ByteRange.ofLength(A, PAGE), R),
                        MemoryOp.unmap(ByteRange.ofLength(A + 3 * PAGE, PAGE)));
    }

    @Test
    void copyAllowed_isToldToTheLaunch() throws Exception {
        builder.allowance("mapped-copy")
                .memoryFile("SYSV00001234", 2 * PAGE - 5, 0, Map.of())
                .segment(segment(0))
                .mapping(CheckpointSamples.view(0, A, 2, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0));
        assertThat(plan().fileOps().get(0).openFlags()).isEqualTo(0640 | ImageLayout.SEGMENT_COPY);
    }

    @Test
    void copyAllowedForTheImage_isToldToTheLaunch() throws Exception {
        builder.memoryFile("SYSV00001234", 2 * PAGE - 5, 0, Map.of())
                .segment(segment(0))
                .mapping(CheckpointSamples.view(0, A, 2, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0));
        assertThat(plan().fileOps().get(0).openFlags()).isEqualTo(0640);
        policies = policies.without(LaunchPolicies.Weaker.MAPPED_COPY);
        assertThat(plan().fileOps().get(0).openFlags()).isEqualTo(0640 | ImageLayout.SEGMENT_COPY);
    }

    @Test
    void semaphore_isTakenAgain() throws Exception {
        builder.semaphore(new Semaphore(9, -1, 3, 1000, 2, -4, 1_700_000_000L, NativeText.of("0f-boot"), 0xf0000001));
        List<FileOp> steps = plan().fileOps();
        FileOp taken = steps.get(steps.size() - 1);
        assertThat(taken.kind()).isEqualTo(FileOp.Kind.SEMAPHORE);
        assertThat(taken.offset()).isEqualTo(2);
        assertThat(taken.values())
                .containsExactly(
                        FileOp.number(9 | 0xffffffffL << 32),
                        FileOp.number(0xfffffffcL),
                        FileOp.number(3 | 1000L << 32),
                        FileOp.number(1_700_000_000L));
        assertThat(taken.path()).isEqualTo(NativeText.of("0f-boot"));
        assertThat(taken.openFlags()).isEqualTo(0xf0000001);
    }

    @Test
    void segmentWithoutMemoryFile_isDamaged() {
        builder.segment(segment(0));
        assertThatThrownBy(this::plan)
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("segment 7 refers to memory file 0");
    }

    @Test
    void segmentMappedPrivately_isDamaged() {
        builder.memoryFile("SYSV00001234", PAGE, 0, Map.of())
                .segment(segment(0))
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.PRIVATE_FILE, RW, MAY_WRITE, 0));
        assertThatThrownBy(this::plan).isInstanceOf(CheckpointException.class).hasMessageContaining("privately");
    }

    private record Planned(List<FileOp> fileOps, List<MemoryOp> memoryOps) {}

    private Planned plan() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        DataArea data = new DataArea();
        OpenFiles openFiles = new OpenFiles(checkpoint, policies);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        MemoryPlanner memory = new MemoryPlanner(checkpoint, checkpoint.mappings(), data, memoryFiles);
        memory.plan(PlanOptions.AnonymousMemory.READ);
        List<FileOp> files = new FilePlanner(checkpoint, data, openFiles, memoryFiles, LaunchPolicies.NONE)
                .plan().stream()
                        .filter(step -> step.kind() != FileOp.Kind.CLOSE)
                        .toList();
        return new Planned(files, memory.steps(false, List.of()));
    }
}
