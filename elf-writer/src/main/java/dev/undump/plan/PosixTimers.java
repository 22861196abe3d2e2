// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.PosixTimer;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Which timers there are, and which pending signal is whose.
 *
 * <p>The kernel counts how often a timer would have fired while its signal waited ({@code si_overrun}), and it goes on to count
 * only when the signal is its own. So a signal that stays blocked comes from its timer again. One that a thread takes as soon
 * as it goes on is queued for that thread, like any other.
 */
final class PosixTimers {

    private static final int SI_TIMER = -2;
    private static final int CODE_FIELD = 8;
    private static final int TIMER_FIELD = 16;

    private final List<PosixTimer> timers;
    private final Map<Integer, Integer> indexOfId = new HashMap<>();
    private final Map<Integer, Integer> indexOfThread = new HashMap<>();

    PosixTimers(Checkpoint checkpoint) {
        this.timers = checkpoint.posixTimers();
        for (int i = 0; i < timers.size(); i++) {
            indexOfId.put(timers.get(i).id(), i);
        }
        for (int i = 0; i < checkpoint.threads().size(); i++) {
            indexOfThread.put(checkpoint.threads().get(i).ownTid(), i);
        }
    }

    /** Returns the index of the timer that has sent a signal and can send it again: one that was not set anew since. */
    OptionalInt senderOf(PendingSignal signal) {
        ByteBuffer info = signal.info().buffer();
        Integer index = indexOfId.get(info.getInt(TIMER_FIELD));
        boolean again = info.getInt(CODE_FIELD) == SI_TIMER
                && index != null
                && timers.get(index).signal() == signal.signal()
                && timers.get(index).remainingNs() <= timers.get(index).intervalNs();
        return again ? OptionalInt.of(index) : OptionalInt.empty();
    }

    /** Returns the timers, of which some fire by the given signals. */
    List<PlannedTimer> plan(List<PlannedSignal> signals) {
        List<Integer> firing = signals.stream()
                .filter(signal -> signal.timer().isPresent())
                .map(signal -> signal.timer().getAsInt())
                .toList();
        return timers.stream()
                .map(timer -> new PlannedTimer(
                        timer, indexOf(timer.clockTid()), indexOf(timer.tid()), firing.contains(indexOfId.get(timer.id()))))
                .toList();
    }

    private OptionalInt indexOf(OptionalInt tid) {
        return tid.isEmpty() ? tid : OptionalInt.of(indexOfThread.get(tid.getAsInt()));
    }
}
