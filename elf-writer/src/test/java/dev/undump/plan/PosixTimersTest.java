// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.PosixTimer;
import dev.undump.checkpoint.SignalAction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixTimersTest {

    private static final int BLOCKED = 16;
    private static final int OPEN = 10;
    private static final int SECOND_TID = 1001;

    @TempDir
    private Path folder;

    private final CheckpointThread first =
            PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(), Optional.empty());
    private final CheckpointThread second = PlanSamples.thread(SECOND_TID, PlanSamples.registers(), Optional.empty());
    private final CheckpointBuilder builder =
            PlanSamples.builder(PlanSamples.heap()).thread(first).thread(second);

    @Test
    void plan_threadIds_becomeIndices() throws Exception {
        builder.posixTimer(timer(3, BLOCKED, OptionalInt.of(SECOND_TID), 0, 500, OptionalInt.of(PlanSamples.TID)));
        assertThat(timers()).singleElement().satisfies(planned -> {
            assertThat(planned.thread()).hasValue(1);
            assertThat(planned.clockThread()).hasValue(0);
            assertThat(planned.fires()).isFalse();
        });
    }

    @Test
    void pending_blockedSignalOfATimer_comesFromTheTimerInItsTurn() throws Exception {
        builder.posixTimer(timer(3, BLOCKED, OptionalInt.empty(), 900, 500, OptionalInt.empty()))
                .posixTimer(timer(5, BLOCKED, OptionalInt.of(SECOND_TID), 0, 0, OptionalInt.empty()))
                .pending(pending(0, BLOCKED, 0, 9))
                .pending(pending(0, BLOCKED, -2, 3))
                .pending(pending(SECOND_TID, BLOCKED, -2, 5));
        assertThat(signals().ofProcess())
                .extracting(PlannedSignal::timer)
                .containsExactly(OptionalInt.empty(), OptionalInt.of(0), OptionalInt.of(1));
        assertThat(signals().of(second)).isEmpty();
        assertThat(timers()).extracting(PlannedTimer::fires).containsExactly(true, true);
    }

    @Test
    void pending_handlerThatRunsAtOnce_isQueuedForItsThread() throws Exception {
        builder.posixTimer(timer(3, OPEN, OptionalInt.empty(), 900, 500, OptionalInt.empty()))
                .action(new SignalAction(OPEN, PlanSamples.CODE, 0, 0, 0))
                .pending(pending(0, OPEN, -2, 3));
        assertThat(signals().ofProcess()).isEmpty();
        assertThat(signals().of(first)).hasSize(1);
        assertThat(timers()).extracting(PlannedTimer::fires).containsExactly(false);
    }

    @Test
    void pending_timerThatWasSetAnewOrIsGone_isQueued() throws Exception {
        builder.posixTimer(timer(3, BLOCKED, OptionalInt.empty(), 0, 500, OptionalInt.empty()))
                .posixTimer(timer(4, BLOCKED, OptionalInt.empty(), 400, 500, OptionalInt.empty()))
                .pending(pending(0, BLOCKED, -2, 3))
                .pending(pending(0, BLOCKED, -2, 4))
                .pending(pending(0, BLOCKED, -2, 77));
        assertThat(signals().ofProcess()).extracting(PlannedSignal::timer).containsOnly(OptionalInt.empty());
        assertThat(timers()).extracting(PlannedTimer::fires).containsExactly(false, false);
    }

    @Test
    void timerHelper_wordThatIsLoadedBeforeTheCall_isPatched() throws Exception {
        assertThat(helperWord(0x8b, 0x05, 0x40)).containsExactly(new TidPatch(PlanSamples.HEAP + 0x40, 0, 1, 4));
        assertThat(helperWord(0x8b, 0x0d, 0x40)).hasSize(1);
    }

    @Test
    void timerHelper_otherInstructionsAndWords_areLeftAlone() throws Exception {
        assertThat(helperWord(0x89, 0x05, 0x40)).isEmpty(); // a store
        assertThat(helperWord(0x8b, 0x45, 0x40)).isEmpty(); // relative to rbp
        assertThat(helperWord(0x8b, 0x05, 0x44)).isEmpty(); // no thread's id
        assertThat(helperWord(0x8b, 0x05, 0x42)).isEmpty(); // not aligned
    }

    @Test
    void timerHelper_isLookedFor_whereOneCanBe() throws Exception {
        assertThat(isPossible(PlanSamples.builder(PlanSamples.heap()).thread(first))).isFalse();
        assertThat(isPossible(PlanSamples.builder(PlanSamples.heap())
                        .thread(first)
                        .posixTimer(timer(0, 32, OptionalInt.of(PlanSamples.TID), 0, 5, OptionalInt.empty()))))
                .isTrue();
        assertThat(isPossible(waitingFor(1L << 31))).isTrue();
        assertThat(isPossible(waitingFor(1L << 31 | 1))).isFalse();
    }

    private static CheckpointBuilder waitingFor(long signals) {
        ByteBuffer heap = PlanSamples.heap().putLong(0x80, signals);
        CheckpointThread waiter = PlanSamples.thread(
                PlanSamples.TID,
                PlanSamples.registers(PlanSamples.HEAP + 0x80),
                Optional.of(new InterruptedCall(128, -514, 5)));
        return PlanSamples.builder(heap).thread(waiter);
    }

    private boolean isPossible(CheckpointBuilder from) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(from, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return TimerHelper.isPossible(checkpoint, memory);
        }
    }

    /** Code that loads a word of the heap and calls timer_create; the word at 0x40 is the second thread's id. */
    private List<TidPatch> helperWord(int opcode, int modrm, int word) throws IOException {
        long code = 0x600000;
        ByteBuffer bytes = ByteBuffer.allocate(PlanSamples.PAGE).order(ByteOrder.LITTLE_ENDIAN);
        int at = 0x200;
        bytes.put(at, (byte) opcode).put(at + 1, (byte) modrm);
        bytes.putInt(at + 2, (int) (PlanSamples.HEAP + word - (code + at + 6)));
        bytes.put(at + 0x20, new byte[] {(byte) 0xb8, (byte) 0xde, 0, 0, 0, 0x0f, 0x05});
        ByteBuffer heap = PlanSamples.heap().putInt(0x40, SECOND_TID);
        Checkpoint checkpoint = PlanSamples.read(
                PlanSamples.builder(heap)
                        .thread(first)
                        .thread(second)
                        .mapping(CheckpointSamples.mapping(
                                code, 1, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.EXECUTE, 0, "/lib/libc.so.6"))
                        .bytes(code, ExtentKind.FILE, bytes.array()),
                folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            new TimerHelper(memory, patches).find(memory.mappings());
            return patches.inOrder();
        }
    }

    private PendingSignals signals() throws IOException {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        return new PendingSignals(checkpoint, new PosixTimers(checkpoint));
    }

    private List<PlannedTimer> timers() throws IOException {
        return new PosixTimers(PlanSamples.read(builder, folder)).plan(signals().ofProcess());
    }

    private static PosixTimer timer(
            int id, int signal, OptionalInt tid, long intervalNs, long remainingNs, OptionalInt clockTid) {
        int notification = tid.isPresent() ? PosixTimer.NOTIFY_THREAD_ID : 0;
        return new PosixTimer(id, 1, clockTid, notification, signal, tid, 0, intervalNs, remainingNs);
    }

    private static PendingSignal pending(int tid, int signal, int code, int timer) {
        ByteBuffer info = ByteBuffer.allocate(PendingSignal.INFO_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        info.putInt(0, signal).putInt(8, code).putInt(16, timer);
        return new PendingSignal(tid, signal, Bytes.copyOf(info.array()));
    }
}
