// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.PendingSignal;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * A thread as the stub starts it.
 *
 * @param source registers, signal mask and everything else that is taken over as captured
 * @param resume where it goes on
 * @param xstate complete contents of the signal frame's floating-point area, both magic words included
 * @param setAffinity false: the launch's affinity stays
 * @param setScheduling false: policy and nice are those of a fresh process
 * @param timerSlackNs 0: leave
 * @param pending signals pending for this thread, in queue order
 * @param interruptedRip where it goes on with EINTR if SIGWINCH comes first; 0: its call goes on
 * @param rights empty: as the launch has them
 */
public record PlannedThread(
        CheckpointThread source,
        ResumePoint resume,
        Bytes xstate,
        boolean setAffinity,
        boolean setScheduling,
        long timerSlackNs,
        List<PendingSignal> pending,
        long interruptedRip,
        Optional<PlannedRights> rights) {

    public PlannedThread {
        pending = List.copyOf(pending);
    }

    /** Returns the same thread, where instructions have moved. */
    PlannedThread relocated(LongUnaryOperator moved) {
        return new PlannedThread(
                source,
                resume.relocated(moved),
                xstate,
                setAffinity,
                setScheduling,
                timerSlackNs,
                pending,
                interruptedRip == 0 ? 0 : moved.applyAsLong(interruptedRip),
                rights);
    }
}
