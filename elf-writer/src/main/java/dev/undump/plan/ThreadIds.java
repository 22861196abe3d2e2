// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.util.List;

/**
 * All places that hold the id of a thread, found by everything that knows where to look.
 *
 * @param inMemory by address
 * @param inRegisters by thread
 */
record ThreadIds(List<TidPatch> inMemory, List<RegisterPatch> inRegisters) {

    static ThreadIds find(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        TidPatches patches = new TidPatches(checkpoint.threads(), memory);
        ThreadIdWords words = new ThreadIdWords(memory, patches);
        RobustLists robust = new RobustLists(memory, patches);
        LockWaiters waiters = new LockWaiters(memory, patches);
        int index = 0;
        for (CheckpointThread thread : checkpoint.threads()) {
            words.find(thread);
            robust.find(thread, words.isMusl(thread));
            waiters.find(thread, index++);
        }
        int pid = checkpoint.process().ids().ownPid();
        List<ExportedSymbols> modules = ExportedSymbols.find(memory);
        new PythonLoops(memory, patches).find(pid, modules);
        if (TimerHelper.isPossible(checkpoint, memory)) {
            new TimerHelper(memory, patches).find(memory.mappings());
        }
        new ShellIds(memory, patches).find(pid, modules);
        new LockScanner(memory, patches)
                .scan(
                        memory.mappings().stream()
                                .filter(mapping -> mapping.kind() != MappingKind.SHARED_FILE || mapping.hasMemoryFile())
                                .toList(),
                        checkpoint.threads());
        return new ThreadIds(patches.inOrder(), waiters.registers());
    }
}
