// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Where shells keep the ids of themselves and of their process group, to which they give the terminal back after each job: with
 * the old ones, that fails, and the shell is no longer in the foreground.
 *
 * <p>Both export these variables for their modules (bash: jobs.c and shell.c; zsh: Src/jobs.c and Src/init.c).
 */
final class ShellIds {

    /**
     * A shell that is known by its variables.
     *
     * @param groups hold process groups
     * @param process holds the shell's own id
     */
    private record Shell(List<String> groups, String process) {}

    private static final List<Shell> SHELLS = List.of(
            new Shell(List.of("shell_pgrp", "original_pgrp", "terminal_pgrp"), "dollar_dollar_pid"),
            new Shell(List.of("mypgrp", "origpgrp", "last_attached_pgrp"), "mypid"));

    private final CheckpointMemory memory;
    private final TidPatches patches;

    ShellIds(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(Checkpoint checkpoint) throws IOException {
        Optional<ExportedSymbols> symbols = executable(checkpoint);
        if (symbols.isEmpty()) {
            return;
        }
        int pid = checkpoint.process().ids().ownPid();
        for (Shell shell : SHELLS) {
            Optional<ExportedSymbols.Variable> process = symbols.get().variable(shell.process());
            if (process.isEmpty() || symbols.get().variable(shell.groups().get(0)).isEmpty()) {
                continue;
            }
            addProcess(process.get(), pid);
            for (String name : shell.groups()) {
                Optional<ExportedSymbols.Variable> group = symbols.get().variable(name);
                if (group.isPresent() && group.get().sizeBytes() == Integer.BYTES) {
                    addGroup(group.get().address());
                }
            }
        }
    }

    private Optional<ExportedSymbols> executable(Checkpoint checkpoint) throws IOException {
        for (var mapping : memory.mappings()) {
            if (mapping.kind() == MappingKind.PRIVATE_FILE
                    && mapping.fileOffset() == 0
                    && mapping.name().equals(checkpoint.process().executable())) {
                return ExportedSymbols.at(mapping.range().start(), memory);
            }
        }
        return Optional.empty();
    }

    private void addProcess(ExportedSymbols.Variable process, int pid) throws IOException {
        if (process.sizeBytes() == Integer.BYTES && memory.readInt(process.address()).orElse(0) == pid) {
            patches.addInt(process.address(), pid, 0);
        } else if (process.sizeBytes() == Long.BYTES && memory.readLong(process.address()).orElse(0) == pid) {
            patches.addLong(process.address(), pid);
        }
    }

    /** Also the group that the shell gives the terminal to when it ends: of that time, it may be anybody's by now. */
    private void addGroup(long address) throws IOException {
        if (memory.readInt(address).orElse(0) > 0) {
            patches.addGroup(address);
        }
    }
}
