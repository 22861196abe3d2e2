// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.SignalAction;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which calls SIGWINCH ends, which a launch sends when its terminal is not what the program knows (kernel/signal.c and
 * arch/x86/kernel/signal.c, {@code handle_signal}). A call that were simply made again behind the handler would wait on, and
 * the program, which does its work when the call returns, would draw nothing.
 */
final class SizeSignal {

    private static final int SIGWINCH = 28;
    private static final long SIG_IGN = 1;
    private static final long SA_RESTART = 0x10000000L;
    private static final int ERESTARTSYS = -512;
    private static final int ERESTARTNOINTR = -513;

    private static final int SYS_RT_SIGSUSPEND = 130;
    private static final int SYS_PSELECT6 = 270;
    private static final int SYS_PPOLL = 271;
    private static final int SYS_EPOLL_PWAIT = 281;
    private static final int SYS_EPOLL_PWAIT2 = 441;

    private final CheckpointMemory memory;
    private final Optional<SignalAction> handler;

    SizeSignal(Checkpoint checkpoint, CheckpointMemory memory) {
        this.memory = memory;
        this.handler = checkpoint.actions().stream()
                .filter(action -> action.signal() == SIGWINCH && Long.compareUnsigned(action.handler(), SIG_IGN) > 0)
                .findFirst();
    }

    /** Returns where a thread goes on with EINTR; 0 if its call goes on behind the handler, or it is in none. */
    long interrupted(CheckpointThread thread) throws IOException {
        if (handler.isEmpty() || thread.call().isEmpty() || isBlocked(thread.signalMask())) {
            return 0;
        }
        InterruptedCall call = thread.call().get();
        OptionalLong maskOfCall = maskOf(call, thread.registers());
        boolean restarts = call.result() == ERESTARTNOINTR
                || call.result() == ERESTARTSYS && (handler.get().flags() & SA_RESTART) != 0
                || maskOfCall.isPresent() && isBlocked(maskOfCall.getAsLong());
        return restarts ? 0 : thread.registers().rip();
    }

    private static boolean isBlocked(long mask) {
        return (mask >>> (SIGWINCH - 1) & 1) != 0;
    }

    /** The signal mask with which the call waits; empty when that is the thread's own. */
    private OptionalLong maskOf(InterruptedCall call, Registers registers) throws IOException {
        long place =
                switch ((int) call.number()) {
                    case SYS_RT_SIGSUSPEND -> registers.rdi();
                    case SYS_PSELECT6 -> registers.r9() == 0
                            ? 0
                            : memory.readLong(registers.r9()).orElse(0);
                    case SYS_PPOLL -> registers.r10();
                    case SYS_EPOLL_PWAIT, SYS_EPOLL_PWAIT2 -> registers.r8();
                    default -> 0;
                };
        return place == 0 ? OptionalLong.empty() : memory.readLong(place);
    }
}
