// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.SignalAction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Who gets the pending signals, and which calls they end.
 *
 * <p>A signal for the process whose handler may run in some thread at once is given to that thread: the kernel too decides
 * when it is sent, for the main thread first (kernel/signal.c, {@code complete_signal}). A handler that runs as soon as the
 * thread goes on ends the call in which the thread stands, unless the kernel would restart it (arch/x86/kernel/signal.c,
 * {@code handle_signal}); made again, {@code pause} would wait for a second signal.
 */
final class PendingSignals {

    private static final long SIG_IGN = 1;
    private static final long SA_RESTART = 0x10000000L;
    private static final int PROCESS_WIDE = 0;
    private static final int ERESTARTSYS = -512;
    private static final int ERESTARTNOINTR = -513;

    private static final int SYS_RT_SIGSUSPEND = 130;
    private static final int SYS_PSELECT6 = 270;
    private static final int SYS_PPOLL = 271;
    private static final int SYS_EPOLL_PWAIT = 281;
    private static final int SYS_EPOLL_PWAIT2 = 441;

    private final Map<Integer, SignalAction> handlers;
    private final Map<Integer, List<PendingSignal>> byThread = new HashMap<>();
    private final List<PlannedSignal> ofProcess = new ArrayList<>();

    PendingSignals(Checkpoint checkpoint, PosixTimers timers) {
        this.handlers = checkpoint.actions().stream()
                .filter(action -> Long.compareUnsigned(action.handler(), SIG_IGN) > 0)
                .collect(Collectors.toMap(SignalAction::signal, Function.identity()));
        for (PendingSignal signal : checkpoint.pending()) {
            add(signal, checkpoint.threads(), timers);
        }
    }

    /** Signals for any thread, and those that timers send again, in order. */
    List<PlannedSignal> ofProcess() {
        return List.copyOf(ofProcess);
    }

    /** Signals for one thread, in order. */
    List<PendingSignal> of(CheckpointThread thread) {
        return byThread.getOrDefault(thread.ownTid(), List.of());
    }

    /** Whether the call in which a thread stands ends with EINTR, because a handler runs first. */
    boolean interrupt(CheckpointThread thread, InterruptedCall call) {
        if (call.result() == ERESTARTNOINTR || hasMaskOfItsOwn(call, thread.registers())) {
            return false;
        }
        Optional<SignalAction> first = of(thread).stream()
                .filter(signal -> runsAtOnce(signal, thread))
                .min(Comparator.comparingInt(PendingSignal::signal))
                .map(signal -> handlers.get(signal.signal()));
        return first.isPresent() && (call.result() != ERESTARTSYS || (first.get().flags() & SA_RESTART) == 0);
    }

    private void add(PendingSignal signal, List<CheckpointThread> threads, PosixTimers timers) {
        boolean anyThread = signal.ownTid() == PROCESS_WIDE;
        Optional<CheckpointThread> atOnce = threads.stream()
                .filter(thread -> anyThread || thread.ownTid() == signal.ownTid())
                .filter(thread -> runsAtOnce(signal, thread))
                .findFirst();
        OptionalInt sender = atOnce.isPresent() ? OptionalInt.empty() : timers.senderOf(signal);
        if (sender.isPresent()) {
            ofProcess.add(new PlannedSignal(signal, sender));
        } else if (anyThread && atOnce.isEmpty()) {
            ofProcess.add(PlannedSignal.queued(signal));
        } else {
            int receiver = anyThread ? atOnce.get().ownTid() : signal.ownTid();
            byThread.computeIfAbsent(receiver, unused -> new ArrayList<>()).add(signal);
        }
    }

    private boolean runsAtOnce(PendingSignal signal, CheckpointThread thread) {
        return handlers.containsKey(signal.signal()) && (thread.signalMask() >>> (signal.signal() - 1) & 1) == 0;
    }

    /** Whether the call waits with another signal mask: what is pending has not ended it, so it may be blocked there. */
    private static boolean hasMaskOfItsOwn(InterruptedCall call, Registers registers) {
        return switch ((int) call.number()) {
            case SYS_RT_SIGSUSPEND -> true;
            case SYS_PSELECT6 -> registers.r9() != 0;
            case SYS_PPOLL -> registers.r10() != 0;
            case SYS_EPOLL_PWAIT, SYS_EPOLL_PWAIT2 -> registers.r8() != 0;
            default -> false;
        };
    }
}
