// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.ModuleSample;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ids that bash and zsh keep of themselves. */
class ShellIdsTest {

    private static final int PID = PlanSamples.TID;
    private static final int GROUP = 777;

    @TempDir
    private Path folder;

    @Test
    void find_bash_itsIdAndGroups() throws Exception {
        ModuleSample bash = new ModuleSample()
                .exports("dollar_dollar_pid", 0x10, 4)
                .exports("shell_pgrp", 0x20, 4)
                .exports("original_pgrp", 0x30, 4)
                .exports("terminal_pgrp", 0x40, 4)
                .exports("job_control", 0x50, 4);
        bash.data().putInt(0x10, PID).putInt(0x20, PID).putInt(0x30, GROUP).putInt(0x40, -1).putInt(0x50, 1);
        List<TidPatch> expected = List.of(id(0x10, 4), group(0x20), group(0x30));
        assertThat(find(bash, MappingKind.PRIVATE_FILE, "/usr/bin/bash")).isEqualTo(expected);
        assertThat(find(bash, MappingKind.PRIVATE_FILE, "/tmp/image")).isEqualTo(expected);
        assertThat(find(bash, MappingKind.ANONYMOUS, "")).isEqualTo(expected);
    }

    @Test
    void find_zsh_itsIdOfEightBytesAndGroups() throws Exception {
        ModuleSample zsh = new ModuleSample()
                .exports("mypid", 0x10, 8)
                .exports("mypgrp", 0x20, 4)
                .exports("origpgrp", 0x30, 4)
                .exports("last_attached_pgrp", 0x40, 4);
        zsh.data().putLong(0x10, PID).putInt(0x20, PID).putInt(0x30, GROUP).putInt(0x40, GROUP);
        assertThat(find(zsh, MappingKind.PRIVATE_FILE, "/usr/bin/zsh"))
                .containsExactly(id(0x10, 8), group(0x20), group(0x30), group(0x40));
    }

    @Test
    void find_idOfAnotherProcess_nothing() throws Exception {
        ModuleSample other = new ModuleSample().exports("mypid", 0x10, 4).exports("mypgrp", 0x20, 4);
        other.data().putInt(0x10, PID + 1).putInt(0x20, PID);
        assertThat(find(other, MappingKind.PRIVATE_FILE, "/usr/bin/other")).isEmpty();
    }

    @Test
    void find_idWithoutGroup_nothing() throws Exception {
        ModuleSample other = new ModuleSample().exports("mypid", 0x10, 4).exports("origpgrp", 0x20, 4);
        other.data().putInt(0x10, PID).putInt(0x20, PID);
        assertThat(find(other, MappingKind.PRIVATE_FILE, "/usr/bin/other")).isEmpty();
    }

    @Test
    void find_groupOfAnotherSize_isLeftOut() throws Exception {
        ModuleSample other = new ModuleSample()
                .exports("mypid", 0x10, 4)
                .exports("mypgrp", 0x20, 4)
                .exports("origpgrp", 0x30, 8);
        other.data().putInt(0x10, PID).putInt(0x20, PID).putLong(0x30, PID);
        assertThat(find(other, MappingKind.PRIVATE_FILE, "/usr/bin/other")).containsExactly(id(0x10, 4), group(0x20));
    }

    private static TidPatch id(int offset, int widthBytes) {
        return new TidPatch(ModuleSample.DATA + offset, 0, 0, widthBytes);
    }

    private static TidPatch group(int offset) {
        return new TidPatch(ModuleSample.DATA + offset, 0, ImageLayout.GROUP_ID, Integer.BYTES);
    }

    private List<TidPatch> find(ModuleSample module, MappingKind kind, String name) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(
                module.addTo(PlanSamples.builder(PlanSamples.heap()), kind, name)
                        .thread(PlanSamples.thread(PID, PlanSamples.registers(), Optional.empty())),
                folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            new ShellIds(memory, patches).find(PID, ExportedSymbols.find(memory));
            return patches.inOrder();
        }
    }
}
