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
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checkpoints that the engine wrote, at least one per format version and never edited; beside each stands the program that it was made
 * of. A version that is not read any more must be refused as too old.
 */
class GoldenCheckpointTest {

    @Test
    void currentVersion_hasAGoldenFile() throws Exception {
        try (Stream<Path> files = Files.list(golden("v1-sleeper.dat").getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .anyMatch(name -> name.startsWith("v" + CheckpointLayout.VERSION + "-") && name.endsWith(".dat"));
        }
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
    void verify_version2_hasAMemoryFile() throws Exception {
        Checkpoint checkpoint = CheckpointReader.verify(golden("v2-sleeper.dat"), Progress.NONE);

        assertThat(checkpoint.header().version()).isEqualTo(2);
        assertThat(checkpoint.memoryFiles()).singleElement().satisfies(file -> {
            assertThat(file.name()).hasToString("golden");
            assertThat(file.sizeBytes()).isEqualTo(5 * 4096 + 100);
            assertThat(file.seals()).isEqualTo(1);
            assertThat(file.extents()).extracting(FileExtent::range).containsExactly(new ByteRange(4096, 8192));
        });
        assertThat(checkpoint.openFiles()).extracting(OpenFile::kind).contains(FileKind.MEMFD);
        assertThat(checkpoint.mappings())
                .filteredOn(Mapping::hasMemoryFile)
                .extracting(Mapping::kind)
                .containsExactly(MappingKind.SHARED_FILE, MappingKind.PRIVATE_FILE);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            for (long page : new long[] {0x10001000, 0x20000000, 0x20002000}) {
                assertThat(memory.readInt(page)).as(ByteRange.format(page)).hasValue(0x61702061);
            }
            assertThat(memory.readInt(0x10000000)).hasValue(0);
            assertThat(memory.readInt(0x20004000)).hasValue(0);
        }
    }

    @Test
    void verify_version3_hasPosixTimers() throws Exception {
        Checkpoint checkpoint = CheckpointReader.verify(golden("v3-timers.dat"), Progress.NONE);

        assertThat(checkpoint.header().version()).isEqualTo(3);
        assertThat(checkpoint.posixTimers()).hasSize(2);
        assertThat(checkpoint.posixTimers().get(0))
                .isEqualTo(new PosixTimer(0, 1, OptionalInt.empty(), 1, 10, OptionalInt.empty(), 77, 0, 0));
        PosixTimer running = checkpoint.posixTimers().get(1);
        assertThat(running.intervalNs()).isEqualTo(60_000_000_000L);
        assertThat(running.remainingNs()).isBetween(6_000_000_000_000L, 7_200_000_000_000L);
    }

    @Test
    void verify_version3_hasSockets() throws Exception {
        Checkpoint checkpoint = CheckpointReader.verify(golden("v3-sockets.dat"), Progress.NONE);

        assertThat(checkpoint.header().version()).isEqualTo(3);
        assertThat(checkpoint.sockets())
                .extracting(SocketState::kind)
                .containsExactly(SocketKind.LISTENING, SocketKind.PAIRED, SocketKind.PAIRED, SocketKind.ORPHANED);
        SocketState listener = checkpoint.sockets().get(0);
        assertThat(listener.local()).hasToString("127.0.0.1:40000");
        assertThat(listener.backlog()).isEqualTo(7);
        assertThat(listener.options())
                .extracting(option -> option.label() + "=" + option.value().toArray()[0])
                .containsExactly("SO_REUSEADDR=1");
        assertThat(checkpoint.sockets()).extracting(SocketState::dataSize).containsExactly(0L, 0L, 5L, 8L + 11);
        assertThat(checkpoint.sockets().get(3).packetCount()).isEqualTo(2);
    }

    @Test
    void verify_version4_isWhole() throws Exception {
        Checkpoint checkpoint = CheckpointReader.verify(golden("v4-inputs.dat"), Progress.NONE);

        assertThat(checkpoint.header().version()).isEqualTo(4);
        assertThat(checkpoint.process().trigger()).isEqualTo(Trigger.SIGNAL);
        assertThat(checkpoint.leader().call()).map(InterruptedCall::number).contains(35L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"v1-sleeper.dat", "v2-sleeper.dat", "v3-sockets.dat", "v3-timers.dat", "v4-inputs.dat"})
    void memory_anyVersion_holdsWhatTheProgramWrote(String name) throws Exception {
        Checkpoint checkpoint = CheckpointReader.read(golden(name));
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
