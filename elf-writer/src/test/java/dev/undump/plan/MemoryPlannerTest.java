// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryPlannerTest {

    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int R = Mapping.READ;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final int RX = Mapping.READ | Mapping.EXECUTE;
    private static final long A = 0x10000000;
    private static final int NORESERVE = 0x4000;

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private MemoryPlanner planner;
    private final DataArea data = new DataArea();

    @Test
    void anonymous_withBytes_mappedWithItsProtectionAndRead() throws Exception {
        anonymous(4, RW, 0).bytes(A + PAGE, ExtentKind.PRIVATE, filled(2));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 4), RW, 0),
                        MemoryOp.read(pages(1, 2), new PlanOffset.InData(0)));
        assertThat(data.pieces()).containsExactly(new DataPiece(0, 2 * PAGE, PAGE));
    }

    @Test
    void anonymous_executableWithBytes_writtenBeforeItIsProtected() throws Exception {
        anonymous(2, RX, 0).bytes(A, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 2), RW, NORESERVE),
                        MemoryOp.read(pages(0, 1), new PlanOffset.InData(0)),
                        MemoryOp.protect(pages(0, 2), RX));
    }

    @Test
    void anonymous_reservation_isOneStep() throws Exception {
        anonymous(1 << 20, 0, CheckpointLayout.VMA_NORESERVE);
        assertThat(plan()).containsExactly(MemoryOp.anonymous(pages(0, 1 << 20), 0, NORESERVE));
    }

    @Test
    void anonymous_guardPages_installedAfterTheContents() throws Exception {
        anonymous(4, RW, 0).pages(A, ExtentKind.GUARD, PAGE);
        builder.bytes(A + PAGE, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 4), RW, 0),
                        MemoryOp.read(pages(1, 1), new PlanOffset.InData(0)),
                        MemoryOp.advise(pages(0, 1), 102, false));
    }

    @Test
    void anonymous_neighboursAlike_becomeOne() throws Exception {
        anonymous(2, RW, 0).bytes(A, ExtentKind.PRIVATE, filled(2));
        builder.mapping(CheckpointSamples.mapping(A + 2 * PAGE, 2, MappingKind.ANONYMOUS, RW, 0, ""))
                .bytes(A + 2 * PAGE, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 4), RW, 0),
                        MemoryOp.read(pages(0, 3), new PlanOffset.InData(0)));
        assertThat(data.pieces()).hasSize(1);
    }

    @Test
    void anonymous_wipedOnFork_comesBackEmpty() throws Exception {
        anonymous(1, RW, CheckpointLayout.VMA_WIPEONFORK).bytes(A, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(MemoryOp.anonymous(pages(0, 1), RW, 0), MemoryOp.advise(pages(0, 1), 18, false));
        assertThat(data.sizeBytes()).isZero();
    }

    @Test
    void anonymous_droppable_comesBackEmpty() throws Exception {
        anonymous(1, RW, CheckpointLayout.VMA_DROPPABLE);
        assertThat(plan()).containsExactly(MemoryOp.droppable(pages(0, 1), RW));
    }

    @Test
    void attributes_pageSize_isDecidedBeforeContentsCome() throws Exception {
        anonymous(1, RW, CheckpointLayout.VMA_NOHUGEPAGE).bytes(A, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 1), RW, 0),
                        MemoryOp.advise(pages(0, 1), 15, true),
                        MemoryOp.read(pages(0, 1), new PlanOffset.InData(0)));
    }

    @Test
    void plan_above47Bits_isRefused() {
        builder.mapping(CheckpointSamples.mapping(1L << 50, 1, MappingKind.ANONYMOUS, RW, 0, ""));
        assertThatThrownBy(this::plan)
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("0x4000000000000")
                .hasMessageContaining("5-level");
    }

    @Test
    void attributes_namesLocksAndSealsComeLast() throws Exception {
        builder.mapping(CheckpointSamples.mapping(
                        A,
                        1,
                        MappingKind.ANONYMOUS,
                        R,
                        CheckpointLayout.VMA_SEALED | CheckpointLayout.VMA_LOCKED | CheckpointLayout.VMA_DONTFORK,
                        "[anon:arena]"))
                .bytes(A, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.anonymous(pages(0, 1), RW, NORESERVE),
                        MemoryOp.read(pages(0, 1), new PlanOffset.InData(0)),
                        MemoryOp.protect(pages(0, 1), R),
                        MemoryOp.advise(pages(0, 1), 10, false),
                        MemoryOp.name(pages(0, 1), NativeText.of("arena")),
                        MemoryOp.lock(pages(0, 1), 0),
                        MemoryOp.seal(pages(0, 1)));
    }

    @Test
    void file_withAHoleAndWrittenPages_isOneMappingOfTheImage() throws Exception {
        file(8, RX).bytes(A, ExtentKind.FILE, filled(2));
        builder.bytes(A + 4 * PAGE, ExtentKind.PRIVATE, filled(1)).bytes(A + 5 * PAGE, ExtentKind.FILE, filled(3));
        assertThat(plan()).containsExactly(MemoryOp.image(pages(0, 8), RX, new PlanOffset.InData(0)));
        assertThat(data.sizeBytes()).isEqualTo(8 * PAGE);
        assertThat(data.pieces())
                .containsExactly(
                        new DataPiece(0, 2 * PAGE, PAGE), new DataPiece(4 * PAGE, 4 * PAGE, 3 * PAGE));
    }

    @Test
    void file_withALongHole_hasZeroPagesThere() throws Exception {
        file(100, R).bytes(A, ExtentKind.FILE, filled(1));
        builder.bytes(A + 60 * PAGE, ExtentKind.FILE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.image(pages(0, 1), R, new PlanOffset.InData(0)),
                        MemoryOp.anonymous(pages(1, 59), R, 0),
                        MemoryOp.image(pages(60, 1), R, new PlanOffset.InData(PAGE)),
                        MemoryOp.anonymous(pages(61, 39), R, 0));
        assertThat(data.sizeBytes()).isEqualTo(2 * PAGE);
    }

    @Test
    void file_behindItsEnd_faultsAsBefore() throws Exception {
        file(3, R).bytes(A, ExtentKind.FILE, filled(1));
        builder.pages(A + PAGE, ExtentKind.BEYOND_EOF, 2 * PAGE);
        assertThat(plan())
                .containsExactly(
                        MemoryOp.image(pages(0, 1), R, new PlanOffset.InData(0)),
                        MemoryOp.image(pages(1, 2), R, PlanOffset.BEHIND_IMAGE));
    }

    @Test
    void sharedFile_writable_isTheFileItself() throws Exception {
        builder.mapping(CheckpointSamples.mapping(
                A, 2, MappingKind.SHARED_FILE, R, CheckpointLayout.VMA_MAY_WRITE, "/var/db"));
        builder.mapping(CheckpointSamples.mapping(
                A + 4 * PAGE, 2, MappingKind.SHARED_FILE, RW, CheckpointLayout.VMA_MAY_WRITE, "/var/db"));
        assertThat(plan())
                .containsExactly(MemoryOp.file(pages(0, 2), R, 0, 0), MemoryOp.file(pages(4, 2), RW, 0, 0));
        assertThat(planner.mappedFiles())
                .containsExactly(new MappedFile(NativeText.of("/var/db"), 2 * PAGE, 4711, 0, 2, ImageLayout.INSTEAD_NOTHING));
    }

    @Test
    void sharedFile_writableAndCopyAllowed_hasItsBytesAside() throws Exception {
        builder.allowance("mapped-copy");
        builder.mapping(CheckpointSamples.mapping(
                        A, 2, MappingKind.SHARED_FILE, RW, CheckpointLayout.VMA_MAY_WRITE, "/var/db"))
                .bytes(A, ExtentKind.FILE, filled(2));
        assertThat(plan()).containsExactly(MemoryOp.file(pages(0, 2), RW, 0, 0));
        assertThat(planner.mappedFiles()).singleElement().satisfies(file -> {
            assertThat(file.sizeBytes()).isEqualTo(2 * PAGE);
            assertThat(file.instead()).isEqualTo(ImageLayout.ASIDE_FIRST);
        });
        assertThat(data.sizeBytes()).isEqualTo(2 * PAGE);
    }

    @Test
    void sharedFile_readButWrittenThroughADescriptor_isTheFileItself() throws Exception {
        builder.mapping(CheckpointSamples.mapping(A, 2, MappingKind.SHARED_FILE, R, 0, "/var/db"));
        OpenFile like = CheckpointSamples.openFile(FileKind.REGULAR, "/var/db");
        builder.openFile(new OpenFile(
                like.kind(), 0, 2, like.mode(), 0, 4711, 8, 1, 0, 0, 0, 0, like.path(), 0, 0, 0, like.values(), 0, 0));
        assertThat(plan()).containsExactly(MemoryOp.file(pages(0, 2), R, 0, 0));
        assertThat(planner.mappedFiles()).singleElement().satisfies(file -> {
            assertThat(file.openFlags()).isZero();
            assertThat(file.instead()).isEqualTo(ImageLayout.INSTEAD_NOTHING);
        });
    }

    @Test
    void sharedFile_recognisable_isMappedOverItsBytes() throws Exception {
        Mapping known = CheckpointSamples.mapping(A, 2, MappingKind.SHARED_FILE, R, 0, "/usr/lib/modules");
        builder.mapping(new Mapping(
                        known.range(),
                        known.kind(),
                        known.protection(),
                        known.flags(),
                        0,
                        0,
                        known.inode(),
                        known.deviceMajor(),
                        known.deviceMinor(),
                        known.name(),
                        known.fileSize(),
                        known.fileMtimeNs(),
                        1234,
                        List.of()))
                .bytes(A, ExtentKind.FILE, filled(2));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.image(pages(0, 2), R, new PlanOffset.InData(0)), MemoryOp.file(pages(0, 2), R, 0, 0));
        assertThat(planner.mappedFiles()).singleElement().satisfies(file -> {
            assertThat(file.birthNs()).isEqualTo(1234);
            assertThat(file.instead()).isEqualTo(ImageLayout.INSTEAD_BYTES);
        });
    }

    @Test
    void sharedFile_ofAReadOnlyDescriptor_isInTheImage() throws Exception {
        builder.mapping(CheckpointSamples.mapping(A, 2, MappingKind.SHARED_FILE, R, 0, "/usr/lib/modules"))
                .bytes(A, ExtentKind.FILE, filled(2));
        assertThat(plan()).containsExactly(MemoryOp.image(pages(0, 2), R, new PlanOffset.InData(0)));
    }

    @Test
    void sharedFile_hotspotCounters_areMemory() throws Exception {
        builder.mapping(CheckpointSamples.mapping(
                        A, 2, MappingKind.SHARED_FILE, RW, CheckpointLayout.VMA_MAY_WRITE, "/tmp/hsperfdata_me/77"))
                .bytes(A, ExtentKind.FILE, filled(2));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.shared(pages(0, 2), RW, 0),
                        MemoryOp.read(pages(0, 2), new PlanOffset.InData(0)));
    }

    @Test
    void sharedFile_deletedAndOpen_isRefused() {
        int flags = CheckpointLayout.VMA_MAY_WRITE | CheckpointLayout.VMA_DELETED;
        builder.mapping(CheckpointSamples.mapping(A, 1, MappingKind.SHARED_FILE, RW, flags, "/dev/shm/x"));
        OpenFile like = CheckpointSamples.openFile(FileKind.DELETED, "/dev/shm/x");
        builder.openFile(new OpenFile(
                like.kind(), 0, 2, like.mode(), 0, 4711, 8, 1, 0, 0, 0, 0, like.path(), 0, 0, 0, like.values(), 0, 0));
        assertThatThrownBy(this::plan)
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("/dev/shm/x")
                .hasMessageContaining("0x10000000");
    }

    @Test
    void sharedAnonymous_piecesOfOneMapping_keepTheirPlace() throws Exception {
        shared(0, 2, RW, 0);
        shared(2, 1, 0, 2L * PAGE);
        shared(5, 1, R, 5L * PAGE).bytes(A + 5 * PAGE, ExtentKind.PRIVATE, filled(1));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.shared(pages(0, 6), RW, 0),
                        MemoryOp.read(pages(5, 1), new PlanOffset.InData(0)),
                        MemoryOp.protect(pages(2, 1), 0),
                        MemoryOp.unmap(pages(3, 2)),
                        MemoryOp.protect(pages(5, 1), R));
    }

    @Test
    void sharedAnonymous_mappedTwice_isAnObjectReadOnce() throws Exception {
        shared(0, 2, RW, 0).bytes(A, ExtentKind.PRIVATE, filled(2));
        shared(8, 2, R, PAGE).bytes(A + 8 * PAGE, ExtentKind.PRIVATE, filled(2));
        assertThat(plan())
                .containsExactly(
                        MemoryOp.object(3 * PAGE),
                        MemoryOp.objectMap(pages(0, 2), RW, 0),
                        MemoryOp.objectMap(pages(8, 2), RW, PAGE),
                        MemoryOp.read(pages(0, 2), new PlanOffset.InData(0)),
                        MemoryOp.read(pages(9, 1), new PlanOffset.InData(2 * PAGE)),
                        MemoryOp.protect(pages(8, 2), R));
    }

    @Test
    void vdsoAndVvar_needNoSteps() throws Exception {
        builder.mapping(CheckpointSamples.mapping(A, 4, MappingKind.VVAR, R, 0, "[vvar]"));
        builder.mapping(CheckpointSamples.mapping(A + 4 * PAGE, 2, MappingKind.VDSO, RX, 0, "[vdso]"))
                .bytes(A + 4 * PAGE, ExtentKind.FILE, filled(2));
        assertThat(plan()).isEmpty();
        assertThat(planner.occupied()).containsExactly(pages(0, 4), pages(4, 2));
    }

    private List<MemoryOp> plan() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, new OpenFiles(checkpoint, LaunchPolicies.NONE));
        planner = new MemoryPlanner(checkpoint, checkpoint.mappings(), data, memoryFiles);
        planner.plan(PlanOptions.AnonymousMemory.READ);
        return planner.steps(false, List.of());
    }

    private CheckpointBuilder anonymous(long pages, int protection, int flags) {
        return builder.mapping(CheckpointSamples.mapping(A, pages, MappingKind.ANONYMOUS, protection, flags, ""));
    }

    private CheckpointBuilder file(long pages, int protection) {
        return builder.mapping(
                CheckpointSamples.mapping(A, pages, MappingKind.PRIVATE_FILE, protection, 0, "/usr/lib/x.so"));
    }

    private CheckpointBuilder shared(long firstPage, long pages, int protection, long objectOffset) {
        return builder.mapping(PlanSamples.mapping(
                pages(firstPage, pages), MappingKind.SHARED_ANONYMOUS, protection, 0, 1, objectOffset, ""));
    }

    private static ByteRange pages(long first, long count) {
        return ByteRange.ofLength(A + first * PAGE, count * PAGE);
    }

    private static byte[] filled(int pages) {
        return CheckpointSamples.filled(pages * PAGE, 0x5a);
    }
}
