// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

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
        Checkpoint checkpoint = read(builder());
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            assertThat(ExportedSymbols.find(memory)).isEmpty();
            assertThat(ExportedSymbols.at(memory, CheckpointSamples.HEAP)).isEmpty();
            assertThat(ExportedSymbols.at(memory, 0)).isEmpty();
        }
    }

    @Test
    void contains_itsSegments_only() throws Exception {
        Checkpoint checkpoint = read(module.addTo(builder(), MappingKind.PRIVATE_FILE, "/usr/bin/other"));
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            ExportedSymbols found = ExportedSymbols.find(memory).get(0);
            assertThat(found.contains(ModuleSample.ADDRESS)).isTrue();
            assertThat(found.contains(ModuleSample.DATA + CheckpointSamples.PAGE - 1)).isTrue();
            assertThat(found.contains(ModuleSample.DATA + CheckpointSamples.PAGE)).isFalse();
            assertThat(found.contains(ModuleSample.ADDRESS - 1)).isFalse();
        }
    }

    private static CheckpointBuilder builder() {
        return new CheckpointBuilder()
                .mapping(CheckpointSamples.mapping(CheckpointSamples.HEAP, 2, MappingKind.ANONYMOUS, Mapping.READ, 0, "[heap]"));
    }

    private Checkpoint read(CheckpointBuilder builder) throws IOException {
        return CheckpointReader.read(builder.write(folder.resolve("myckpt.dat")));
    }

    private Optional<ExportedSymbols.Variable> variable(String name, MappingKind kind) throws IOException {
        String file = kind == MappingKind.PRIVATE_FILE ? "/usr/bin/other" : "";
        Checkpoint checkpoint = read(module.addTo(builder(), kind, file));
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            List<ExportedSymbols> found = ExportedSymbols.find(memory);
            assertThat(found).hasSize(1);
            return found.get(0).variable(name);
        }
    }
}
