// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Variables of a module, looked up in its memory. */
class ExportedSymbolsTest {

    @TempDir
    private Path folder;

    private final ModuleSample module = new ModuleSample()
            .exports("first", 0x10, 4)
            .exports("second", 0x20, 8)
            .exports("third", 0x30, 4)
            .exports("fourth", 0x40, 4)
            .needs("elsewhere");

    @Test
    void variable_exported_itsPlaceAndSize() throws Exception {
        for (MappingKind kind : List.of(MappingKind.PRIVATE_FILE, MappingKind.ANONYMOUS)) {
            assertThat(variable("first", kind)).contains(new ExportedSymbols.Variable(ModuleSample.DATA + 0x10, 4));
            assertThat(variable("second", kind)).contains(new ExportedSymbols.Variable(ModuleSample.DATA + 0x20, 8));
            assertThat(variable("third", kind)).contains(new ExportedSymbols.Variable(ModuleSample.DATA + 0x30, 4));
            assertThat(variable("fourth", kind)).contains(new ExportedSymbols.Variable(ModuleSample.DATA + 0x40, 4));
        }
    }

    @Test
    void variable_ofModuleWithTheAddressesOfItsFile_itsPlace() throws Exception {
        module.asLinked();
        assertThat(variable("third", MappingKind.PRIVATE_FILE))
                .contains(new ExportedSymbols.Variable(ModuleSample.DATA + 0x30, 4));
    }

    @Test
    void variable_notDefinedHere_nothing() throws Exception {
        assertThat(variable("elsewhere", MappingKind.PRIVATE_FILE)).isEmpty();
        for (int i = 0; i < 20; i++) { // in both buckets
            assertThat(variable("unknown" + i, MappingKind.PRIVATE_FILE)).isEmpty();
        }
    }

    @Test
    void find_noHeader_nothing() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder(), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            assertThat(ExportedSymbols.find(memory)).isEmpty();
            assertThat(ExportedSymbols.at(PlanSamples.HEAP, memory)).isEmpty();
            assertThat(ExportedSymbols.at(0, memory)).isEmpty();
        }
    }

    @Test
    void contains_itsSegments_only() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(module.addTo(builder(), MappingKind.PRIVATE_FILE, "/usr/bin/other"), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            ExportedSymbols found = ExportedSymbols.find(memory).get(0);
            assertThat(found.contains(ModuleSample.ADDRESS)).isTrue();
            assertThat(found.contains(ModuleSample.DATA + PlanSamples.PAGE - 1)).isTrue();
            assertThat(found.contains(ModuleSample.DATA + PlanSamples.PAGE)).isFalse();
            assertThat(found.contains(ModuleSample.ADDRESS - 1)).isFalse();
        }
    }

    private static CheckpointBuilder builder() {
        return PlanSamples.builder(PlanSamples.heap())
                .thread(PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(), Optional.empty()));
    }

    private Optional<ExportedSymbols.Variable> variable(String name, MappingKind kind) throws IOException {
        String file = kind == MappingKind.PRIVATE_FILE ? "/usr/bin/other" : "";
        Checkpoint checkpoint = PlanSamples.read(module.addTo(builder(), kind, file), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            List<ExportedSymbols> found = ExportedSymbols.find(memory);
            assertThat(found).hasSize(1);
            return found.get(0).variable(name);
        }
    }
}
