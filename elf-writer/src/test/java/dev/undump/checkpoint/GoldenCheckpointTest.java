// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointReader.Progress;
import dev.undump.nativestub.CheckpointLayout;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Checkpoints that the engine wrote, one per format version and never edited; beside each stands the program that it was made
 * of. A version that is not read any more must be refused as too old.
 */
class GoldenCheckpointTest {

    @Test
    void currentVersion_hasAGoldenFile() throws Exception {
        assertThat(golden("v" + CheckpointLayout.VERSION + "-sleeper.dat")).exists();
    }

    @Test
    void verify_version1_isWhole() throws Exception {
        Checkpoint checkpoint = CheckpointReader.verify(golden("v1-sleeper.dat"), Progress.NONE);

        assertThat(checkpoint.header().version()).isEqualTo(1);
        assertThat(checkpoint.process().commandName()).hasToString("sleeper");
        assertThat(checkpoint.process().trigger()).isEqualTo(Trigger.PID);
        assertThat(checkpoint.leader().call()).map(InterruptedCall::number).contains(35L);
        assertThat(checkpoint.leader().xstate().length()).isGreaterThanOrEqualTo(CheckpointThread.MIN_XSTATE_BYTES);
        assertThat(checkpoint.descriptors()).extracting(Descriptor::fd).containsExactly(0, 1, 2);
        assertThat(checkpoint.mappings())
                .extracting(Mapping::kind)
                .contains(MappingKind.PRIVATE_FILE, MappingKind.VDSO, MappingKind.VVAR);
        assertThat(checkpoint.mappings()).filteredOn(Mapping::isStack).hasSize(1);
        assertThat(checkpoint.auxv()).extracting(AuxiliaryEntry::type).contains(3L, 6L, 33L);
    }

    @Test
    void memory_version1_holdsWhatTheProgramWrote() throws Exception {
        Checkpoint checkpoint = CheckpointReader.read(golden("v1-sleeper.dat"));
        byte[] note = "a page that is written before the capture".getBytes(StandardCharsets.US_ASCII);
        List<Mapping> writable = checkpoint.mappings().stream()
                .filter(mapping -> (mapping.protection() & Mapping.WRITE) != 0 && !mapping.isStack())
                .toList();

        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            boolean found = false;
            for (Mapping mapping : writable) {
                for (long page = mapping.range().start(); page < mapping.range().end(); page += 4096) {
                    Optional<ByteBuffer> start = memory.read(page, note.length);
                    found |= start.isPresent() && start.get().equals(ByteBuffer.wrap(note));
                }
            }
            assertThat(found).isTrue();
        }
    }

    private static Path golden(String name) throws Exception {
        URI place = GoldenCheckpointTest.class.getResource("/checkpoints/" + name).toURI();
        assertThat(Files.isRegularFile(Path.of(place))).isTrue();
        return Path.of(place);
    }
}
