// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
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

    void find(int pid, List<ExportedSymbols> modules) throws IOException {
        for (ExportedSymbols symbols : modules) {
            for (Shell shell : SHELLS) {
                Optional<ExportedSymbols.Variable> process = symbols.variable(shell.process());
                if (process.isPresent() && symbols.variable(shell.groups().get(0)).isPresent() && addProcess(process.get(), pid)) {
                    addGroups(shell, symbols);
                }
            }
        }
    }

    /** Returns whether the variable holds the id: in another program, what has these names is something else. */
    private boolean addProcess(ExportedSymbols.Variable process, int pid) throws IOException {
        if (process.sizeBytes() == Integer.BYTES && memory.readInt(process.address()).orElse(0) == pid) {
            patches.addInt(process.address(), pid, 0);
            return true;
        }
        if (process.sizeBytes() == Long.BYTES && memory.readLong(process.address()).orElse(0) == pid) {
            patches.addLong(process.address(), pid);
            return true;
        }
        return false;
    }

    /** Also the group that the shell gives the terminal to when it ends: of that time, it may be anybody's by now. */
    private void addGroups(Shell shell, ExportedSymbols symbols) throws IOException {
        for (String name : shell.groups()) {
            Optional<ExportedSymbols.Variable> group = symbols.variable(name);
            if (group.isPresent()
                    && group.get().sizeBytes() == Integer.BYTES
                    && memory.readInt(group.get().address()).orElse(0) > 0) {
                patches.addGroup(group.get().address());
            }
        }
    }
}
