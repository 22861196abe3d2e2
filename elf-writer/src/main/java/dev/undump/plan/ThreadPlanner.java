// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Affinity;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.Scheduling;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Plans where each thread goes on and with what context. */
final class ThreadPlanner {

    private static final long DEFAULT_TIMER_SLACK_NS = 50_000;
    private static final int USER_CODE_SEGMENT = 0x33;

    private final Checkpoint checkpoint;
    private final PendingSignals signals;
    private final List<Optional<PlannedRights>> rights;
    private final ResumePlanner resume;
    private final RseqAbort rseq;
    private final XstateArea xstate;
    private final SizeSignal sizeSignal;

    ThreadPlanner(
            Checkpoint checkpoint,
            CheckpointMemory memory,
            DataArea data,
            PendingSignals signals,
            List<Optional<PlannedRights>> rights) {
        this.checkpoint = checkpoint;
        this.signals = signals;
        this.rights = rights;
        this.resume = new ResumePlanner(memory, signals);
        this.rseq = new RseqAbort(memory, data);
        this.xstate = XstateArea.of(checkpoint);
        this.sizeSignal = new SizeSignal(checkpoint, memory);
    }

    List<PlannedThread> plan() throws IOException, PlanException {
        List<PlannedThread> threads = new ArrayList<>();
        for (int i = 0; i < checkpoint.threads().size(); i++) {
            threads.add(plan(checkpoint.threads().get(i), rights.get(i)));
        }
        return List.copyOf(threads);
    }

    private PlannedThread plan(CheckpointThread thread, Optional<PlannedRights> itsRights) throws IOException, PlanException {
        if ((thread.registers().cs() & 0xffff) != USER_CODE_SEGMENT) {
            throw new PlanException("thread " + thread.ownTid() + " runs with code segment 0x"
                    + Long.toHexString(thread.registers().cs()) + ": only 64-bit programs can be brought back");
        }
        ResumePoint point = rseq.leave(thread, resume.of(thread));
        Scheduling scheduling = thread.scheduling();
        long slack = scheduling.timerSlackNs() == DEFAULT_TIMER_SLACK_NS ? 0 : scheduling.timerSlackNs();
        boolean scheduled = scheduling.policy() != 0 || scheduling.policyFlags() != 0 || scheduling.nice() != 0;
        return new PlannedThread(
                thread,
                point,
                xstate.contentsOf(thread),
                isPinned(thread.affinity()),
                scheduled,
                slack,
                signals.of(thread),
                sizeSignal.interrupted(thread),
                itsRights);
    }

    /** Whether the thread was kept from some processor of the machine; one that may run on all stays free everywhere. */
    private boolean isPinned(Affinity affinity) {
        int count = affinity.count();
        if (count == 0) {
            return false;
        }
        for (int processor = 0; processor < count; processor++) {
            if (!affinity.contains(processor)) {
                return true;
            }
        }
        return count < processorsOfMachine();
    }

    /** CPUID 1, EBX bits 16 to 23: logical processors of a package. Never more than the machine has, rounded up. */
    private int processorsOfMachine() {
        return checkpoint.cpuid().stream()
                .filter(leaf -> leaf.leaf() == 1)
                .mapToInt((CpuidLeaf leaf) -> leaf.ebx() >>> 16 & 0xff)
                .findFirst()
                .orElse(1);
    }
}
