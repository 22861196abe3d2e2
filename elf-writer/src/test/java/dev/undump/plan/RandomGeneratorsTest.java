// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Generators laid out as OpenSSL 3.0 and GnuTLS 3.7 do; the integration test draws from real ones. */
class RandomGeneratorsTest {

    private static final String LIBRARY = "/usr/lib/libcrypto.so.3";
    private static final long CODE = PlanSamples.HEAP + 0x100000;
    private static final long CONSTANTS = CODE + PlanSamples.PAGE;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private final ByteBuffer constants = ByteBuffer.allocate(PlanSamples.PAGE).order(ByteOrder.LITTLE_ENDIAN);

    @BeforeEach
    void layOut() {
        constants.put(0x321, "CTR-DRBG\0".getBytes(StandardCharsets.US_ASCII));
        generator(0x200, CODE + 0x10, 256, 1 << 16);
    }

    @Test
    void forkIds_generators_theirProcessIds() throws Exception {
        generator(0x600, CODE + 0x800, 128, 1 << 16);
        assertThat(find(LIBRARY)).containsExactly(PlanSamples.HEAP + 0x278, PlanSamples.HEAP + 0x678);
    }

    @Test
    void forkIds_functionsElsewhere_nothing() throws Exception {
        generator(0x200, CONSTANTS, 256, 1 << 16);
        assertThat(find(LIBRARY)).isEmpty();
    }

    @Test
    void forkIds_otherStrengthOrRequest_nothing() throws Exception {
        generator(0x200, CODE, 255, 1 << 16);
        generator(0x600, CODE, 256, 1 << 15);
        assertThat(find(LIBRARY)).isEmpty();
    }

    @Test
    void forkIds_moduleWithoutGenerators_nothing() throws Exception {
        constants.put(0x321, (byte) 'c');
        assertThat(find(LIBRARY)).isEmpty();
    }

    @Test
    void gnuTls_generatorThatWasSeededBefore_itsTime() throws Exception {
        constants.put(0x500, "\0gnutls_rnd\0".getBytes(StandardCharsets.US_ASCII));
        long now = CheckpointSamples.process(1).moment().realtimeNs() / 1_000_000_000;
        chacha(0x800, 100, now - 3600);
        chacha(0x900, 100, now + 3600);
        chacha(0xa00, -1, now);
        chacha(0xb00, 100, 0);
        assertThat(find(LIBRARY)).containsExactly(PlanSamples.HEAP + 0x278, PlanSamples.HEAP + 0x850);
    }

    @Test
    void gnuTls_notThere_constantsOfOthersAreLeftAlone() throws Exception {
        chacha(0x800, 100, CheckpointSamples.process(1).moment().realtimeNs() / 1_000_000_000);
        assertThat(find(LIBRARY)).containsExactly(PlanSamples.HEAP + 0x278);
    }

    private void chacha(int at, long counter, long seconds) {
        heap.put(at, "expand 32-byte k".getBytes(StandardCharsets.US_ASCII)).putLong(at + 64, counter).putLong(at + 80, seconds);
    }

    private void generator(int at, long functions, int strength, long longest) {
        for (int i = 0; i < 4; i++) {
            heap.putLong(at + 16 + i * 8, functions + i * 0x40L);
        }
        heap.putInt(at + 120, PlanSamples.TID).putInt(at + 128, strength).putLong(at + 136, longest);
    }

    private Set<Long> find(String file) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(
                PlanSamples.builder(heap)
                        .mapping(CheckpointSamples.mapping(CODE, 1, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.EXECUTE, 0, file))
                        .bytes(CODE, ExtentKind.FILE, new byte[PlanSamples.PAGE])
                        .mapping(CheckpointSamples.mapping(CONSTANTS, 1, MappingKind.PRIVATE_FILE, Mapping.READ, 0, file))
                        .bytes(CONSTANTS, ExtentKind.FILE, constants.array())
                        .thread(PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(), Optional.empty())),
                folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return RandomGenerators.wordsToClear(checkpoint, memory);
        }
    }
}
