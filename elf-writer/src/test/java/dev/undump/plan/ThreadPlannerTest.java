// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Affinity;
import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Cpu;
import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.RobustList;
import dev.undump.checkpoint.RseqRegistration;
import dev.undump.checkpoint.Scheduling;
import dev.undump.checkpoint.ThreadSample;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Contexts of threads: registers, restartable sequences, xsave areas, placement. */
class ThreadPlannerTest {

    private static final long HEAP = PlanSamples.HEAP;
    private static final long RSEQ = HEAP + 0x200;
    private static final long SEQUENCE = HEAP + 0x240;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private final DataArea data = new DataArea();
    private CheckpointThread thread =
            PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(), Optional.empty());

    @Test
    void plan_insideARestartableSequence_goesOnAtItsAbortHandler() throws Exception {
        sequence(PlanSamples.BEHIND_SYSCALL - 4, 8);
        PlannedThread planned = plan();
        assertThat(planned.resume()).isEqualTo(new ResumePoint(0xabcdef, -516, Optional.empty()));
        assertThat(data.overlays()).containsExactly(new DataOverlay(0x1208, Bytes.copyOf(new byte[8])));
    }

    @Test
    void plan_behindARestartableSequence_goesOnThere() throws Exception {
        sequence(PlanSamples.BEHIND_SYSCALL - 8, 8);
        assertThat(plan().resume().rip()).isEqualTo(PlanSamples.BEHIND_SYSCALL);
        assertThat(data.overlays()).hasSize(1);
    }

    @Test
    void plan_compatibilityMode_isRefused() {
        Registers like = PlanSamples.registers();
        thread = PlanSamples.thread(
                PlanSamples.TID,
                new Registers(
                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, like.rip(), 0x23, 0, like.rsp(), 0x2b, 0, 0, 0, 0,
                        0, 0),
                Optional.empty());
        assertThatThrownBy(this::plan).isInstanceOf(PlanException.class).hasMessageContaining("code segment 0x23");
    }

    @Test
    void plan_freshScheduling_isLeftAlone() throws Exception {
        PlannedThread planned = plan();
        assertThat(planned.setScheduling()).isFalse();
        assertThat(planned.setAffinity()).isFalse();
        assertThat(planned.timerSlackNs()).isZero();
    }

    @Test
    void plan_ownScheduling_isSet() throws Exception {
        thread = ThreadSample.like(thread)
                .scheduling(new Scheduling(0, 0, 5, 0, 0, 0, 0, 1000))
                .affinity(affinity(2))
                .build();
        PlannedThread planned = plan();
        assertThat(planned.setScheduling()).isTrue();
        assertThat(planned.timerSlackNs()).isEqualTo(1000);
        assertThat(planned.setAffinity()).isTrue();
    }

    @Test
    void plan_fewerProcessorsThanThePackageHas_isPinned() throws Exception {
        thread = ThreadSample.like(thread).affinity(affinity(1)).build();
        assertThat(plan().setAffinity()).isTrue();
    }

    @Test
    void xstate_isAFrameThatTheKernelTakes() throws Exception {
        ByteBuffer area = plan().xstate().buffer();
        assertThat(area.limit()).isEqualTo(832 + 4);
        assertThat(area.getInt(464)).isEqualTo(0x46505853);
        assertThat(area.getInt(468)).isEqualTo(832 + 4);
        assertThat(area.getLong(472)).isEqualTo(7);
        assertThat(area.getInt(480)).isEqualTo(832);
        assertThat(area.getLong(512)).isEqualTo(3);
        assertThat(area.getInt(832)).isEqualTo(0x46505845);
        assertThat(area.getInt(24)).isEqualTo(0x1f80);
    }

    @Test
    void xstate_reservedBitsInAnArea_areCleared() throws Exception {
        byte[] bytes = CheckpointSamples.xstate(1).toArray();
        ByteBuffer hostile = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        hostile.putInt(24, -1).putInt(28, 0xffbf).putLong(512, -1).putLong(520, -1).putLong(568, -1).putLong(488, -1);
        thread = ThreadSample.like(thread).xstate(Bytes.copyOf(bytes)).build();
        ByteBuffer area = plan().xstate().buffer();
        assertThat(area.getInt(24)).isEqualTo(0xffbf);
        assertThat(area.getLong(512)).isEqualTo(7);
        assertThat(area.getLong(520)).isZero();
        assertThat(area.getLong(568)).isZero();
        assertThat(area.getLong(488)).isZero();
    }

    @Test
    void xstate_protectionKeysAndUsedComponents_areListed() throws Exception {
        byte[] bytes = new byte[11008];
        ByteBuffer area = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        area.putLong(512, 3 | 1 << 5);
        thread = ThreadSample.like(thread).xstate(Bytes.copyOf(bytes)).build();
        CheckpointBuilder builder = PlanSamples.builder(heap)
                .thread(thread)
                .cpu(new Cpu(NativeText.EMPTY, NativeText.EMPTY, 0x602e7, 11008, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 5, 64, 1088, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 6, 512, 1152, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 7, 1024, 1664, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 9, 8, 2688, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 17, 64, 2752, 0, 0))
                .cpuid(new CpuidLeaf(0xd, 18, 8192, 2816, 0, 0));
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        XstateArea xstate = XstateArea.of(checkpoint);
        assertThat(xstate.places())
                .containsExactly(new XstateComponent(5, 1088, 64), new XstateComponent(9, 2688, 8));
        ByteBuffer frame = xstate.contentsOf(checkpoint.leader()).buffer();
        // Tiles that nobody uses must not make the area larger than the kernel's.
        assertThat(frame.getInt(480)).isEqualTo(2696);
        assertThat(frame.getLong(472)).isEqualTo(0x2e7);
        assertThat(xstate.blockBytes()).isEqualTo(8192);
    }

    private void sequence(long start, long length) {
        heap.putLong(0x208, SEQUENCE);
        heap.putLong(0x248, start).putLong(0x250, length).putLong(0x258, 0xabcdef);
        thread = PlanSamples.thread(thread, new RobustList(0, 0), new RseqRegistration(RSEQ, 32, 0x53053053), 0);
    }

    private static Affinity affinity(long firstWord) {
        List<Long> words = new ArrayList<>(Collections.nCopies(Affinity.WORDS, 0L));
        words.set(0, firstWord);
        return new Affinity(words);
    }

    private PlannedThread plan() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(PlanSamples.builder(heap).thread(thread), folder);
        MemoryFilePlanner none = MemoryFilePlanner.plan(checkpoint, data, new OpenFiles(checkpoint, LaunchPolicies.NONE));
        new MemoryPlanner(checkpoint, checkpoint.mappings(), data, none).plan(PlanOptions.AnonymousMemory.READ);
        long before = data.offsetOf(HEAP).orElseThrow();
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            List<PlannedThread> threads =
                    new ThreadPlanner(
                                    checkpoint,
                                    memory,
                                    data,
                                    new PendingSignals(checkpoint, new PosixTimers(checkpoint)),
                                    List.of(Optional.empty()))
                            .plan();
            assertThat(before).isEqualTo(PlanSamples.PAGE);
            return threads.get(0);
        }
    }
}
