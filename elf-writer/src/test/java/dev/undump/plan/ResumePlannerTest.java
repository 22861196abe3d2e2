// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.SignalAction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumePlannerTest {

    private static final long ASKED = PlanSamples.HEAP + 0x10;
    private static final long REMAINING = PlanSamples.HEAP + 0x20;
    private static final long SECOND = 1_000_000_000;
    private static final long NO_POINTER = 0;

    private static final long EINTR = -4;
    private static final int SIGNAL = 10;
    private static final int BLOCKED_SIGNAL = 16;
    private static final long SA_RESTART = 0x10000000L;

    @TempDir
    private Path folder;

    private final List<SignalAction> actions = new ArrayList<>();
    private final List<PendingSignal> pending = new ArrayList<>();

    @Test
    void of_threadInUserCode_keepsRegisters() throws Exception {
        assertThat(resume(PlanSamples.registers(), Optional.empty()))
                .isEqualTo(new ResumePoint(PlanSamples.BEHIND_SYSCALL, -516, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(longs = {-512, -513, -514, -516, -4})
    void of_callWithoutTime_isMadeAgain(long result) throws Exception {
        assertThat(resume(PlanSamples.registers(3, ASKED, 100), 0, result, 5 * SECOND))
                .isEqualTo(new ResumePoint(PlanSamples.BEHIND_SYSCALL - 2, 0, Optional.empty()));
    }

    @Test
    void of_nanosleepWithoutSecondPointer_sleepsTheRest() throws Exception {
        ResumePoint point = resume(PlanSamples.registers(ASKED, NO_POINTER), 35, -516, 2 * SECOND);
        assertThat(point.call())
                .contains(new ShortenedCall(
                        PlanSamples.BEHIND_SYSCALL, 0, ShortenedCall.Form.TIMESPEC, 8 * SECOND + 500, false));
        assertThat(point.rax()).isEqualTo(35);
    }

    @Test
    void of_nanosleepWithSecondPointer_takesWhatTheKernelWrote() throws Exception {
        assertThat(resume(PlanSamples.registers(ASKED, REMAINING), 35, -516, 0).call())
                .contains(new ShortenedCall(PlanSamples.BEHIND_SYSCALL, 0, ShortenedCall.Form.TIMESPEC, 7 * SECOND, false));
    }

    @Test
    void of_nanosleepThatWritesOverItsRequest_isMadeAgain() throws Exception {
        assertThat(resume(PlanSamples.registers(ASKED, ASKED), 35, -516, 2 * SECOND).call()).isEmpty();
    }

    @Test
    void of_clockNanosleep_byFlag() throws Exception {
        assertThat(resume(PlanSamples.registers(1, 0, ASKED, NO_POINTER), 230, -516, SECOND).call())
                .contains(new ShortenedCall(
                        PlanSamples.BEHIND_SYSCALL, 2, ShortenedCall.Form.TIMESPEC, 9 * SECOND + 500, false));
        assertThat(resume(PlanSamples.registers(1, 1, ASKED, NO_POINTER), 230, -514, SECOND).call()).isEmpty();
    }

    @Test
    void of_futex_onlyPlainWaitIsRelative() throws Exception {
        assertThat(resume(PlanSamples.registers(ASKED, 128, 0, ASKED), 202, -516, SECOND).call())
                .contains(new ShortenedCall(
                        PlanSamples.BEHIND_SYSCALL, 3, ShortenedCall.Form.TIMESPEC, 9 * SECOND + 500, false));
        assertThat(resume(PlanSamples.registers(ASKED, 128 | 9, 0, ASKED), 202, -516, SECOND).call()).isEmpty();
        assertThat(resume(PlanSamples.registers(ASKED, 128, 0, NO_POINTER), 202, -512, SECOND).call()).isEmpty();
    }

    @Test
    void of_poll_roundsUp() throws Exception {
        ShortenedCall call = resume(PlanSamples.registers(ASKED, 1, 5000), 7, -516, SECOND + 1)
                .call()
                .orElseThrow();
        assertThat(call.argument()).isEqualTo(2);
        assertThat(call.form()).isEqualTo(ShortenedCall.Form.MILLISECONDS);
        assertThat(call.remainingMs()).isEqualTo(4000);
        assertThat(resume(PlanSamples.registers(ASKED, 1, 0xffffffffL), 7, -516, SECOND).call()).isEmpty();
    }

    @Test
    void of_epollWaitThatWouldReportEintr_waitsTheRest() throws Exception {
        ShortenedCall call = resume(PlanSamples.registers(5, ASKED, 10, 300), 232, -4, 2 * SECOND)
                .call()
                .orElseThrow();
        assertThat(call.argument()).isEqualTo(3);
        assertThat(call.remainingNs()).isZero();
    }

    @Test
    void of_waitedTimeUnknown_waitsAgain() throws Exception {
        assertThat(resume(PlanSamples.registers(ASKED, NO_POINTER), 35, -516, 0).call()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/usr/lib/x86_64-linux-gnu/libc.so.6", "/lib/libc-2.31.so", "/lib/libpthread.so.0", "/lib/ld-musl-x86_64.so.1"
            })
    void isCLibrary_itsNames_areKnown(String path) {
        assertThat(ResumePlanner.isCLibrary(path)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/usr/bin/sample", "/usr/lib/libcurl.so.4", "/usr/lib/libc++.so.1", "[heap]"})
    void isCLibrary_otherFiles_areNot(String path) {
        assertThat(ResumePlanner.isCLibrary(path)).isFalse();
    }

    @Test
    void of_unknownCall_isRefused() {
        assertThatThrownBy(() -> resume(PlanSamples.registers(), -1, -516, 0))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("thread 1000")
                .hasMessageContaining("restart_syscall");
    }

    @Test
    void of_finishedCall_isRefused() {
        assertThatThrownBy(() -> resume(PlanSamples.registers(), 0, -11, 0))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("system call 0 with the result -11");
    }

    @Test
    void of_noSyscallInstruction_isRefused() {
        Registers elsewhere = PlanSamples.registers();
        Registers shifted = new Registers(
                elsewhere.r15(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, elsewhere.rip() + 1, 0x33, 0, 0, 0x2b, 0, 0, 0, 0,
                0, 0);
        assertThatThrownBy(() -> resume(shifted, 0, -512, 0))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("0x400101");
    }

    @ParameterizedTest
    @ValueSource(longs = {-512, -514, -516, -4})
    void of_handlerThatRunsAtOnce_endsTheCall(long result) throws Exception {
        signal(0, SIGNAL, PlanSamples.CODE, 0);
        assertThat(resume(PlanSamples.registers(), 34, result, 0))
                .isEqualTo(new ResumePoint(PlanSamples.BEHIND_SYSCALL, EINTR, Optional.empty()));
    }

    @Test
    void of_handlerThatRestarts_endsOnlyWhatTheKernelDoesNotRestart() throws Exception {
        signal(PlanSamples.TID, SIGNAL, PlanSamples.CODE, SA_RESTART);
        assertThat(resume(PlanSamples.registers(), 0, -512, 0).rax()).isZero();
        assertThat(resume(PlanSamples.registers(), 0, -513, 0).rax()).isZero();
        assertThat(resume(PlanSamples.registers(), 34, -514, 0).rax()).isEqualTo(EINTR);
    }

    @Test
    void of_signalThatIsBlockedOrHasNoHandler_leavesTheCall() throws Exception {
        signal(0, BLOCKED_SIGNAL, PlanSamples.CODE, 0);
        signal(0, SIGNAL, 1, 0);
        assertThat(resume(PlanSamples.registers(), 34, -514, 0).rax()).isEqualTo(34);
    }

    @Test
    void of_callWithAMaskOfItsOwn_isMadeAgain() throws Exception {
        signal(0, SIGNAL, PlanSamples.CODE, 0);
        assertThat(resume(PlanSamples.registers(ASKED, 8), 130, -514, 0).rax()).isEqualTo(130);
        assertThat(resume(PlanSamples.registers(ASKED, 1, 0, REMAINING), 271, -514, 0).rax())
                .isEqualTo(271);
        assertThat(resume(PlanSamples.registers(ASKED, 1), 271, -514, 0).rax()).isEqualTo(EINTR);
    }

    @Test
    void pendingForTheProcess_goesToTheFirstThreadThatTakesIt() throws Exception {
        signal(0, SIGNAL, PlanSamples.CODE, 0);
        signal(0, BLOCKED_SIGNAL, PlanSamples.CODE, 0);
        CheckpointThread thread = PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(), Optional.empty());
        CheckpointBuilder builder = PlanSamples.builder(PlanSamples.heap()).thread(thread);
        actions.forEach(builder::action);
        pending.forEach(builder::pending);
        PendingSignals signals = signals(PlanSamples.read(builder, folder));
        assertThat(signals.of(thread)).extracting(PendingSignal::signal).containsExactly(SIGNAL);
        assertThat(signals.ofProcess()).extracting(planned -> planned.signal().signal()).containsExactly(BLOCKED_SIGNAL);
    }

    private void signal(int ownTid, int number, long handler, long flags) {
        actions.add(new SignalAction(number, handler, flags, 0, 0));
        pending.add(new PendingSignal(ownTid, number, Bytes.copyOf(new byte[PendingSignal.INFO_BYTES])));
    }

    private ResumePoint resume(Registers registers, long number, long result, long waitedNs)
            throws IOException, PlanException {
        return resume(registers, Optional.of(new InterruptedCall(number, result, waitedNs)));
    }

    private ResumePoint resume(Registers registers, Optional<InterruptedCall> call) throws IOException, PlanException {
        ByteBuffer heap = PlanSamples.heap();
        heap.putLong(0x10, 10).putLong(0x18, 500);
        heap.putLong(0x20, 7).putLong(0x28, 0);
        CheckpointThread thread = PlanSamples.thread(PlanSamples.TID, registers, call);
        CheckpointBuilder builder = PlanSamples.builder(heap).thread(thread);
        actions.forEach(builder::action);
        pending.forEach(builder::pending);
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return new ResumePlanner(memory, signals(checkpoint)).of(thread);
        }
    }

    private static PendingSignals signals(Checkpoint checkpoint) {
        return new PendingSignals(checkpoint, new PosixTimers(checkpoint));
    }
}
