// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.PosixTimer;
import java.io.IOException;
import java.util.List;

/**
 * Where Ruby before 3.3 keeps the id of the process whose main thread its signal handler wakes up (thread_pthread.c). With another
 * one the handler takes the program for a forked child that is not ready yet: it writes down the signal and wakes nobody, so that it is
 * noticed when the main thread wakes up for another reason, if ever. Later ones count forks.
 *
 * <ul>
 *   <li>{@code signal_self_pipe}, {@code timer_thread_pipe} before 2.6: two pairs of descriptors and the id;
 *   <li>{@code timer_posix}, since 2.6: state and id, whose address a timer sends with its signal.
 * </ul>
 */
final class RubySignals {

    /** Tells, in all versions, which descriptors are those of the pairs. */
    private static final String MODULE = "rb_reserved_fd_p";

    private static final int PAIR_BYTES = 2 * Integer.BYTES;
    private static final int TIMER_OWNER = 4;
    private static final int SIGVTALRM = 26;

    private final Checkpoint checkpoint;
    private final CheckpointMemory memory;
    private final TidPatches patches;

    RubySignals(Checkpoint checkpoint, CheckpointMemory memory, TidPatches patches) {
        this.checkpoint = checkpoint;
        this.memory = memory;
        this.patches = patches;
    }

    void find(int pid, List<ExportedSymbols> modules) throws IOException {
        for (ExportedSymbols module : modules) {
            if (module.variable(MODULE).isPresent()) {
                findPairs(pid, module);
                findTimer(pid, module);
            }
        }
    }

    private void findPairs(int pid, ExportedSymbols module) throws IOException {
        DescriptorPairs pairs = new DescriptorPairs(checkpoint, memory);
        for (long owner : pairs.followedBy(pid, module.mappings())) {
            if (module.contains(owner) && pairs.isPairAt(owner - 2 * PAIR_BYTES)) {
                patches.addInt(owner, pid, 0);
            }
        }
    }

    private void findTimer(int pid, ExportedSymbols module) throws IOException {
        for (PosixTimer timer : checkpoint.posixTimers()) {
            long owner = timer.value() + TIMER_OWNER;
            if (timer.signal() == SIGVTALRM
                    && timer.notification() == 0
                    && module.contains(owner)
                    && memory.readInt(owner).orElse(0) == pid) {
                patches.addInt(owner, pid, 0);
            }
        }
    }
}
