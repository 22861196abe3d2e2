// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.ModuleSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Event loops of CPython's asyncio: name, type and objects as its module lays them out. */
class PythonLoopsTest {

    private static final String MODULE = "/usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64-linux-gnu.so";
    private static final long TEXTS = PlanSamples.HEAP + 0x100000;
    private static final long STATICS = TEXTS + PlanSamples.PAGE;
    private static final long NAME = TEXTS + 0x123;
    private static final long TYPE = STATICS + 0x40;
    private static final int PID = PlanSamples.TID;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private final ByteBuffer texts = page();
    private final ByteBuffer statics = page();

    @BeforeEach
    void layOut() {
        texts.put(0x123, "_RunningLoopHolder\0".getBytes(StandardCharsets.US_ASCII));
        statics.putLong(0x40, 7).putLong(0x58, NAME).putLong(0x60, 32);
        holder(0x200, 1, PID);
    }

    @Test
    void find_holderOfEachThread_itsProcessId() throws Exception {
        holder(0x1008, 3, PID);
        assertThat(find(MODULE))
                .containsExactly(
                        new TidPatch(PlanSamples.HEAP + 0x218, 0, 0, 4), new TidPatch(PlanSamples.HEAP + 0x1020, 0, 0, 4));
    }

    @Test
    void find_holderInsideOfTheInterpreter_itsProcessId() throws Exception {
        assertThat(find("/opt/bin/python3.10")).hasSize(1);
        assertThat(find("/opt/lib/libpython3.9.so.1.0")).hasSize(1);
    }

    @Test
    void find_holderOfAnotherProcess_nothing() throws Exception {
        holder(0x200, 1, PID - 1);
        assertThat(find(MODULE)).isEmpty();
    }

    @Test
    void find_pointerInFreedMemory_nothing() throws Exception {
        holder(0x200, 0, PID);
        assertThat(find(MODULE)).isEmpty();
    }

    @Test
    void find_typeOfAnotherSize_nothing() throws Exception {
        statics.putLong(0x60, 40);
        assertThat(find(MODULE)).isEmpty();
    }

    @Test
    void find_otherFiles_nothing() throws Exception {
        assertThat(find("/usr/bin/sample")).isEmpty();
    }

    /** Its mappings have the image's name or none, and what nobody has written since the launch counts as the file's. */
    @Test
    void find_holderInARecapturedImage_itsProcessId() throws Exception {
        heap.putLong(0x208, ModuleSample.DATA + 0x40);
        ModuleSample module = new ModuleSample().exports("PyInit__asyncio", 0x800, 16).constant("_RunningLoopHolder\0");
        module.data().putLong(0x40, 7).putLong(0x58, ModuleSample.CONSTANT_ADDRESS).putLong(0x60, 32);
        TidPatch expected = new TidPatch(PlanSamples.HEAP + 0x218, 0, 0, 4);
        for (ExtentKind data : List.of(ExtentKind.FILE, ExtentKind.PRIVATE)) {
            assertThat(find(module.addTo(PlanSamples.builder(heap), MappingKind.PRIVATE_FILE, "/tmp/image", data)))
                    .containsExactly(expected);
        }
        assertThat(find(module.addTo(PlanSamples.builder(heap), MappingKind.ANONYMOUS, "", ExtentKind.PRIVATE)))
                .containsExactly(expected);
    }

    private void holder(int at, long references, int pid) {
        heap.putLong(at, references).putLong(at + 8, TYPE).putLong(at + 16, 0x5555).putInt(at + 24, pid);
    }

    private static ByteBuffer page() {
        return ByteBuffer.allocate(PlanSamples.PAGE).order(ByteOrder.LITTLE_ENDIAN);
    }

    private List<TidPatch> find(String file) throws IOException {
        return find(PlanSamples.builder(heap)
                .mapping(CheckpointSamples.mapping(TEXTS, 1, MappingKind.PRIVATE_FILE, Mapping.READ, 0, file))
                .bytes(TEXTS, ExtentKind.FILE, texts.array())
                .mapping(CheckpointSamples.mapping(
                        STATICS, 1, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.WRITE, 0, file))
                .bytes(STATICS, ExtentKind.PRIVATE, statics.array()));
    }

    private List<TidPatch> find(CheckpointBuilder builder) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(
                builder.thread(PlanSamples.thread(PID, PlanSamples.registers(), Optional.empty())), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            new PythonLoops(memory, patches).find(PID, ExportedSymbols.find(memory));
            return patches.inOrder();
        }
    }
}
