// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VdsoPlannerTest {

    @TempDir
    private Path folder;

    @Test
    void plan_vdsoOfThisMachine_hasTheClockFunctions() throws Exception {
        Optional<byte[]> vdso = ownVdso();
        assumeTrue(vdso.isPresent(), "this kernel gives processes no vdso (vdso=0)");
        VdsoPlan plan = plan(vdso.get());
        assertThat(plan.address()).isEqualTo(CheckpointSamples.VDSO);
        assertThat(plan.copy().toArray()).isEqualTo(vdso.get());
        assertThat(plan.symbols()).extracting(symbol -> symbol.name() + " " + symbol.systemCall())
                .contains("__vdso_clock_gettime 228", "__vdso_gettimeofday 96", "__vdso_time 201", "__vdso_getcpu 309");
        assertThat(plan.symbols()).allSatisfy(symbol -> {
            assertThat(symbol.roomBytes()).isPositive();
            assertThat(symbol.offset() + symbol.roomBytes()).isLessThanOrEqualTo(vdso.get().length);
        });
        assertThat(plan.symbols()).extracting(VdsoSymbol::offset).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void plan_bytesThatAreNoElf_isRefused() {
        assertThatThrownBy(() -> plan(CheckpointSamples.filled(8192, 0x44)))
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("vdso")
                .hasMessageContaining("capture again");
    }

    @Test
    void plan_damagedVdso_isRefusedOrRead() throws Exception {
        Optional<byte[]> vdso = ownVdso();
        assumeTrue(vdso.isPresent(), "this kernel gives processes no vdso (vdso=0)");
        for (int at = 0; at < 1024; at += 7) {
            byte[] damaged = vdso.get().clone();
            damaged[at] ^= (byte) 0xff;
            try {
                assertThat(plan(damaged).copy().length()).isEqualTo(damaged.length);
            } catch (PlanException e) {
                assertThat(e).hasMessageContaining("vdso");
            }
        }
    }

    private VdsoPlan plan(byte[] bytes) throws IOException, PlanException {
        CheckpointBuilder builder = new CheckpointBuilder()
                .mapping(CheckpointSamples.mapping(
                        CheckpointSamples.VDSO,
                        bytes.length / CheckpointSamples.PAGE,
                        MappingKind.VDSO,
                        Mapping.READ | Mapping.EXECUTE,
                        0,
                        "[vdso]"))
                .bytes(CheckpointSamples.VDSO, ExtentKind.FILE, bytes);
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return VdsoPlanner.plan(checkpoint, memory, false);
        }
    }

    private static Optional<byte[]> ownVdso() throws IOException {
        List<String> maps = Files.readAllLines(Path.of("/proc/self/maps"));
        Optional<String> line = maps.stream().filter(entry -> entry.endsWith("[vdso]")).findFirst();
        if (line.isEmpty()) {
            return Optional.empty();
        }
        String[] ends = line.get().substring(0, line.get().indexOf(' ')).split("-");
        ByteRange range = new ByteRange(Long.parseLong(ends[0], 16), Long.parseLong(ends[1], 16));
        byte[] bytes = new byte[(int) range.lengthBytes()];
        try (RandomAccessFile memory = new RandomAccessFile("/proc/self/mem", "r")) {
            memory.seek(range.start());
            memory.readFully(bytes);
        }
        return Optional.of(bytes);
    }
}
