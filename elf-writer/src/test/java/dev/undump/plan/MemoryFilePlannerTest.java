// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryFilePlannerTest {

    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int R = Mapping.READ;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final int MAY_WRITE = CheckpointLayout.VMA_MAY_WRITE;
    private static final long A = 0x10000000;
    private static final long B = 0x20000000;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int ASIDE = ImageLayout.ASIDE_FIRST;
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_APPEND = 02000;

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private final DataArea data = new DataArea();

    @Test
    void open_isMadeAndFilledBeforeItsDuplicates() throws Exception {
        Map<Long, byte[]> contents = Map.of((long) PAGE, CheckpointSamples.filled(PAGE, 1));
        builder.memoryFile("sample", 5 * PAGE + 1, 14, contents)
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR | O_APPEND, 77))
                .descriptor(new Descriptor(5, 0, true))
                .descriptor(new Descriptor(6, 0, false));
        List<FileOp> steps = files();
        assertThat(steps).extracting(FileOp::kind).containsExactly(
                FileOp.Kind.MEMFD, FileOp.Kind.MEMFD_DATA, FileOp.Kind.DUPLICATE);
        FileOp made = steps.get(0);
        assertThat(made.fd()).isEqualTo(5);
        assertThat(made.openFlags()).isEqualTo(O_RDWR | O_APPEND);
        assertThat(made.closeOnExec()).isTrue();
        assertThat(made.offset()).isEqualTo(77);
        assertThat(made.path()).hasToString("sample");
        assertThat(made.values().subList(0, 3))
                .containsExactly(FileOp.number(5 * PAGE + 1), FileOp.number(0100777), FileOp.number(14));
        assertThat(steps.get(1).values().subList(0, 3))
                .containsExactly(FileOp.number(PAGE), new PlanOffset.InData(0), FileOp.number(PAGE));
        assertThat(data.pieces()).containsExactly(new DataPiece(0, PAGE, PAGE));
    }

    @Test
    void views_areMappedThroughTheProgramsDescriptor() throws Exception {
        builder.memoryFile("sample", 4 * PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR, 0))
                .descriptor(new Descriptor(5, 0, true))
                .mapping(CheckpointSamples.view(0, A, 4, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0))
                .mapping(CheckpointSamples.view(0, B, 1, MappingKind.SHARED_FILE, R, MAY_WRITE, 3 * PAGE));
        assertThat(memory())
                .containsExactly(
                        MemoryOp.descriptorMap(pages(A, 4), RW, MAP_SHARED, 5, 0),
                        MemoryOp.descriptorMap(pages(B, 1), R, MAP_SHARED, 5, 3 * PAGE));
    }

    @Test
    void privateView_getsItsOwnPagesOverTheFile() throws Exception {
        builder.memoryFile("sample", 4 * PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR, 0))
                .descriptor(new Descriptor(5, 0, true))
                .mapping(CheckpointSamples.view(0, A, 4, MappingKind.PRIVATE_FILE, R, MAY_WRITE, 0))
                .bytes(A + PAGE, ExtentKind.PRIVATE, CheckpointSamples.filled(PAGE, 0));
        assertThat(memory())
                .containsExactly(
                        MemoryOp.descriptorMap(pages(A, 4), RW, MAP_PRIVATE | MAP_NORESERVE, 5, 0),
                        MemoryOp.read(pages(A + PAGE, 1), new PlanOffset.InData(0)),
                        MemoryOp.protect(pages(A, 4), R));
    }

    @Test
    void mappedButClosed_isPutAside() throws Exception {
        builder.memoryFile("first", PAGE, 0, Map.of())
                .memoryFile("second", PAGE, 0, Map.of())
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0))
                .mapping(CheckpointSamples.view(1, B, 1, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0));
        assertThat(files()).extracting(FileOp::fd).containsExactly(ASIDE, ASIDE - 1);
        assertThat(memory()).extracting(MemoryOp::argument).containsExactly(ASIDE, ASIDE - 1);
    }

    @Test
    void readOnlyForGood_isMappedThroughAReader() throws Exception {
        builder.memoryFile("sample", PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR, 0))
                .descriptor(new Descriptor(5, 0, true))
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.SHARED_FILE, R, 0, 0));
        List<FileOp> steps = files();
        assertThat(steps).extracting(FileOp::kind).containsExactly(FileOp.Kind.MEMFD, FileOp.Kind.MEMFD_OPEN);
        assertThat(steps.get(1).fd()).isEqualTo(ASIDE);
        assertThat(steps.get(1).values().get(0)).isEqualTo(FileOp.number(5));
        assertThat(steps.get(1).openFlags()).isEqualTo(O_RDONLY);
        assertThat(memory()).extracting(MemoryOp::argument).containsExactly(ASIDE);
    }

    @Test
    void severalOpenings_shareOneFile() throws Exception {
        builder.memoryFile("sample", PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_WRONLY, 3))
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR, 0))
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDONLY, 9))
                .descriptor(new Descriptor(5, 0, true))
                .descriptor(new Descriptor(6, 1, false))
                .descriptor(new Descriptor(7, 2, false))
                .mapping(CheckpointSamples.view(0, A, 1, MappingKind.SHARED_FILE, R, 0, 0));
        assertThat(files()).map(step -> step.kind() + " " + step.fd() + " " + step.offset())
                .containsExactly("MEMFD 6 0", "MEMFD_OPEN 5 3", "MEMFD_OPEN 7 9");
        assertThat(memory()).extracting(MemoryOp::argument).containsExactly(7);
    }

    @Test
    void onlyReader_isOpenedOfOneAside() throws Exception {
        builder.memoryFile("sample", PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDONLY, 0))
                .descriptor(new Descriptor(5, 0, true));
        assertThat(files()).map(step -> step.kind() + " " + step.fd())
                .containsExactly("MEMFD " + ASIDE, "MEMFD_OPEN 5");
        assertThat(files().get(1).values().get(0)).isEqualTo(FileOp.number(Integer.toUnsignedLong(ASIDE)));
    }

    @Test
    void standardInput_isTheLaunchsOwn() throws Exception {
        builder.memoryFile("sample", PAGE, 0, Map.of())
                .openFile(CheckpointSamples.openMemoryFile(0, O_RDWR, 0))
                .descriptor(new Descriptor(0, 0, false));
        assertThat(files()).extracting(FileOp::kind).containsExactly(FileOp.Kind.INHERIT);
    }

    @Test
    void tooManyAside_areRefused() {
        for (int i = 0; i <= ImageLayout.ASIDE_LIMIT; i++) {
            builder.memoryFile("sample", PAGE, 0, Map.of());
            long address = A + (long) i * 2 * PAGE;
            builder.mapping(CheckpointSamples.view(i, address, 1, MappingKind.SHARED_FILE, RW, MAY_WRITE, 0));
        }
        assertThatThrownBy(this::files).isInstanceOf(PlanException.class).hasMessageContaining("256 memfds");
    }

    private List<FileOp> files() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        OpenFiles openFiles = new OpenFiles(checkpoint, LaunchPolicies.NONE);
        MemoryFilePlanner planner = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        return new FilePlanner(checkpoint, data, openFiles, planner, LaunchPolicies.NONE)
                .plan().stream().filter(op -> op.kind() != FileOp.Kind.CLOSE).toList();
    }

    private List<MemoryOp> memory() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        MemoryFilePlanner planner = MemoryFilePlanner.plan(checkpoint, data, new OpenFiles(checkpoint, LaunchPolicies.NONE));
        MemoryPlanner memory = new MemoryPlanner(checkpoint, checkpoint.mappings(), data, planner);
        memory.plan(PlanOptions.AnonymousMemory.READ);
        return memory.steps(false, List.of());
    }

    private static ByteRange pages(long start, long count) {
        return ByteRange.ofLength(start, count * PAGE);
    }
}
