// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.SignalAction;
import dev.undump.checkpoint.ThreadSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls that SIGWINCH ends with EINTR, as the kernel decides. */
class SizeSignalTest {

    private static final int SIGWINCH = 28;
    private static final long BLOCKED = 1L << (SIGWINCH - 1);
    private static final long HANDLER = PlanSamples.CODE + 0x200;
    private static final int MASK = 0x300;
    private static final long MASK_ADDRESS = PlanSamples.HEAP + MASK;
    private static final long ENDS = PlanSamples.BEHIND_SYSCALL;

    private static final long READ = 0;
    private static final long POLL = 7;
    private static final long PAUSE = 34;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();

    @ParameterizedTest
    @CsvSource({
        "-512, 0, true", // ERESTARTSYS: the handler's SA_RESTART decides
        "-512, 0x10000000, false",
        "-513, 0, false", // ERESTARTNOINTR: always made again
        "-513, 0x10000000, false",
        "-514, 0x10000000, true", // ERESTARTNOHAND: never
        "-516, 0x10000000, true", // ERESTART_RESTARTBLOCK: never
        "-4, 0x10000000, true", // EINTR: by its nature
    })
    void interrupted_pendingResult_asTheKernelDecides(long result, String flags, boolean ends) throws Exception {
        long found = interrupted(handler(HANDLER, Long.decode(flags)), 0, new InterruptedCall(READ, result, 0));
        assertThat(found).isEqualTo(ends ? ENDS : 0);
    }

    @Test
    void interrupted_noHandler_never() throws Exception {
        InterruptedCall call = new InterruptedCall(POLL, -516, 0);
        assertThat(interrupted(PlanSamples.builder(heap), 0, call)).isZero();
        assertThat(interrupted(handler(1, 0), 0, call)).isZero();
        assertThat(interrupted(PlanSamples.builder(heap).action(new SignalAction(SIGWINCH - 1, HANDLER, 0, 0, 0)), 0, call))
                .isZero();
    }

    @Test
    void interrupted_inNoCall_never() throws Exception {
        assertThat(interrupted(handler(HANDLER, 0), 0, null)).isZero();
    }

    @Test
    void interrupted_blockedByTheThread_never() throws Exception {
        assertThat(interrupted(handler(HANDLER, 0), BLOCKED, new InterruptedCall(PAUSE, -514, 0))).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "130, 0", // rt_sigsuspend
        "271, 3", // ppoll
        "281, 4", // epoll_pwait
        "441, 4", // epoll_pwait2
    })
    void interrupted_callWithAMaskOfItsOwn_thatDecides(long number, int argument) throws Exception {
        InterruptedCall call = new InterruptedCall(number, -514, 0);
        long[] arguments = new long[6];
        arguments[argument] = MASK_ADDRESS;
        heap.putLong(MASK, BLOCKED);
        assertThat(interrupted(handler(HANDLER, 0), 0, call, arguments)).isZero();
        heap.putLong(MASK, ~BLOCKED);
        assertThat(interrupted(handler(HANDLER, 0), 0, call, arguments)).isEqualTo(ENDS);
    }

    /** The sixth argument points to the mask's address and size. */
    @Test
    void interrupted_pselect_itsMaskDecides() throws Exception {
        InterruptedCall call = new InterruptedCall(270, -514, 0);
        heap.putLong(MASK, BLOCKED).putLong(MASK + 0x10, MASK_ADDRESS).putLong(MASK + 0x18, 8);
        assertThat(interrupted(handler(HANDLER, 0), 0, call, 0, 0, 0, 0, 0, MASK_ADDRESS + 0x10)).isZero();
        assertThat(interrupted(handler(HANDLER, 0), 0, call)).isEqualTo(ENDS);
    }

    private CheckpointBuilder handler(long handler, long flags) {
        return PlanSamples.builder(heap).action(new SignalAction(SIGWINCH, handler, flags, 0, 0));
    }

    private long interrupted(CheckpointBuilder builder, long mask, InterruptedCall call, long... arguments) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(
                builder.thread(ThreadSample.like(PlanSamples.thread(
                                PlanSamples.TID, PlanSamples.registers(arguments), Optional.ofNullable(call)))
                        .signalMask(mask)
                        .build()),
                folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return new SizeSignal(checkpoint, memory).interrupted(checkpoint.threads().get(0));
        }
    }
}
