// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.LazyRange;
import dev.undump.nativestub.ImageLayout.Resident;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that was captured after a launch from an image with lazy memory. */
class ProgramMemoryTest {

    private static final int PAGE = CheckpointSamples.PAGE;
    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final long A = 0x10000000;
    private static final long SLOT = ImageLayout.SLOT_LIMIT - (4L << 30);
    private static final long RECORD = SLOT + ImageLayout.RESIDENT;
    private static final long INODE = 4711;

    @TempDir
    private Path folder;

    private final List<Consumer<CheckpointBuilder>> described = new ArrayList<>();
    /** Address of the image's first page, in pages. */
    private long imageStart;

    private final ByteBuffer record = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);

    @BeforeEach
    void describe() {
        record.putLong(Resident.MAGIC, ImageLayout.RESIDENT_MAGIC_U64);
        record.putLong(Resident.ACTIVE, 1);
        record.putLong(Resident.SLOT, SLOT);
        record.putLong(Resident.DEVICE_MAJOR, 8);
        record.putLong(Resident.DEVICE_MINOR, 1);
        record.putLong(Resident.INODE, INODE);
        record.putLong(Resident.INTERCEPT, SLOT + 0x700);
        record.putLong(Resident.TEXT_END, SLOT + 2 * PAGE);
    }

    @Test
    void mappings_noRecord_areTheCheckpoints() throws Exception {
        image(0, 4);
        stored(0, 4, ExtentKind.FILE);
        CheckpointBuilder builder = new CheckpointBuilder();
        described.forEach(part -> part.accept(builder));
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            assertThat(ProgramMemory.of(checkpoint, memory).mappings()).isSameAs(checkpoint.mappings());
        }
    }

    @Test
    void mappings_lazyPiecesAndTheirNeighbours_areOneAnonymousMapping() throws Exception {
        anonymous(0, 2, RW, CheckpointLayout.VMA_HEAP | CheckpointLayout.VMA_ACCOUNTED, "[heap]");
        image(2, 4);
        anonymous(6, 2, RW, CheckpointLayout.VMA_HEAP, "[heap]");
        stored(0, 1, ExtentKind.PRIVATE);
        stored(2, 2, ExtentKind.FILE);
        stored(5, 1, ExtentKind.PRIVATE);
        stored(7, 1, ExtentKind.PRIVATE);
        lazy(2, 4);

        Mapping joined = mappings().get(0);

        assertThat(joined.range()).isEqualTo(pages(0, 8));
        assertThat(joined.kind()).isEqualTo(MappingKind.ANONYMOUS);
        assertThat(joined.name()).isEqualTo(NativeText.of("[heap]"));
        assertThat(joined.isHeap()).isTrue();
        assertThat(joined.inode()).isZero();
        assertThat(joined.extents().stream().map(Extent::range))
                .containsExactly(pages(0, 1), pages(2, 2), pages(5, 1), pages(7, 1));
    }

    @Test
    void mappings_lazyBesideAFile_areCutWhereTheRangeEnds() throws Exception {
        image(0, 8);
        stored(0, 8, ExtentKind.FILE);
        lazy(2, 3);

        List<Mapping> mappings = mappings();

        assertThat(mappings.stream().limit(3).map(Mapping::range))
                .containsExactly(pages(0, 2), pages(2, 3), pages(5, 3));
        assertThat(mappings.stream().limit(3).map(Mapping::kind))
                .containsExactly(MappingKind.PRIVATE_FILE, MappingKind.ANONYMOUS, MappingKind.PRIVATE_FILE);
        assertThat(mappings.get(2).fileOffset()).isEqualTo(5 * PAGE);
        long start = mappings.get(0).extents().get(0).fileOffset();
        assertThat(mappings.stream().limit(3).map(mapping -> mapping.extents().get(0).fileOffset()))
                .containsExactly(start, start + 2 * PAGE, start + 5 * PAGE);
    }

    @Test
    void mappings_otherProtectionOrFlags_stayApart() throws Exception {
        image(0, 2);
        anonymous(2, 2, Mapping.READ, 0, "");
        lazy(0, 2);
        assertThat(mappings().get(0).range()).isEqualTo(pages(0, 2));

        anonymous(-2, 2, RW, CheckpointLayout.VMA_DONTFORK, "");
        assertThat(mappings().stream().limit(2).map(Mapping::range)).containsExactly(pages(-2, 2), pages(0, 2));
    }

    @Test
    void mappings_anotherFile_isLeftAlone() throws Exception {
        image(0, 2);
        lazy(0, 2);
        record.putLong(Resident.INODE, INODE + 1);
        assertThat(mappings().get(0).kind()).isEqualTo(MappingKind.PRIVATE_FILE);
    }

    @Test
    void mappings_rangesPastTheMapping_areOthers() throws Exception {
        image(0, 2);
        lazy(-10, 4);
        lazy(4, 4);
        assertThat(mappings().get(0).kind()).isEqualTo(MappingKind.PRIVATE_FILE);
    }

    @Test
    void find_damagedRecord_isTheProgramsOwnMemory() throws Exception {
        image(0, 2);
        lazy(0, 2);
        assertThat(mappings().get(0).kind()).isEqualTo(MappingKind.ANONYMOUS);

        assertIgnored(Resident.MAGIC, 1);
        assertIgnored(Resident.ACTIVE, 0);
        assertIgnored(Resident.ACTIVE, 2);
        assertIgnored(Resident.SLOT, SLOT + PAGE);
        assertIgnored(Resident.DEVICE_MAJOR, -1);
        assertIgnored(Resident.DEVICE_MINOR, 1L << 40);
        assertIgnored(Resident.RANGE_COUNT, -1);
        assertIgnored(Resident.RANGE_COUNT, 1 << 30);
        assertIgnored(Resident.RANGE_COUNT, 2);
        assertIgnored(Resident.INTERCEPT, SLOT - 1);
        assertIgnored(Resident.INTERCEPT, SLOT + 2 * PAGE - 1);
        assertIgnored(Resident.TEXT_END, SLOT - PAGE);
        assertIgnored(Resident.TEXT_END, SLOT + ImageLayout.DONE_BITS);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.IMAGE_PAGE, 1);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.ADDRESS, A + 1);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.ADDRESS, -PAGE);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.ADDRESS, ImageLayout.ADDRESS_LIMIT);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.LENGTH, 0);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.LENGTH, 100);
        assertIgnored(Resident.SIZE_BYTES + LazyRange.LENGTH, Long.MIN_VALUE);
    }

    @Test
    void find_recordElsewhere_isTheProgramsOwnMemory() throws Exception {
        image(0, 2);
        lazy(0, 2);
        Checkpoint checkpoint = PlanSamples.read(withRecord(RECORD + PAGE), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            assertThat(ResidentRecord.find(checkpoint, memory)).isEmpty();
        }
    }

    @Test
    void retireOlderStubs_clearsTheirWord() throws Exception {
        image(0, 2);
        lazy(0, 2);
        Checkpoint checkpoint = PlanSamples.read(withRecord(RECORD), folder);
        DataArea data = new DataArea();
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            ProgramMemory program = ProgramMemory.of(checkpoint, memory);
            MemoryFilePlanner none = MemoryFilePlanner.plan(checkpoint, data, new OpenFiles(checkpoint, LaunchPolicies.NONE));
            new MemoryPlanner(checkpoint, program.mappings(), data, none).plan(PlanOptions.AnonymousMemory.LAZY);
            program.retireOlderStubs(data);
        }
        long word = data.offsetOf(RECORD + Resident.ACTIVE).orElseThrow();
        assertThat(data.overlays()).hasSize(1);
        assertThat(data.overlays().get(0).dataOffset()).isEqualTo(word);
        assertThat(data.overlays().get(0).content().toArray()).isEqualTo(new byte[Long.BYTES]);
    }

    private void assertIgnored(int offset, long value) throws Exception {
        long right = record.getLong(offset);
        record.putLong(offset, value);
        assertThat(mappings().get(0).kind()).as("%d at %d", value, offset).isEqualTo(MappingKind.PRIVATE_FILE);
        record.putLong(offset, right);
    }

    private List<Mapping> mappings() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(withRecord(RECORD), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            return ProgramMemory.of(checkpoint, memory).mappings();
        }
    }

    private void image(long firstPage, long pages) {
        imageStart = firstPage;
        described.add(builder -> builder.mapping(CheckpointSamples.mapping(
                A + firstPage * PAGE, pages, MappingKind.PRIVATE_FILE, RW, 0, "/home/me/fast-app")));
    }

    private void anonymous(long firstPage, long pages, int protection, int flags, String name) {
        described.add(builder -> builder.mapping(CheckpointSamples.mapping(
                A + firstPage * PAGE, pages, MappingKind.ANONYMOUS, protection, flags, name)));
    }

    private void stored(long firstPage, int pages, ExtentKind kind) {
        described.add(builder ->
                builder.bytes(A + firstPage * PAGE, kind, CheckpointSamples.filled(pages * PAGE, 0x5a)));
    }

    private void lazy(long firstPage, long pages) {
        int count = (int) record.getLong(Resident.RANGE_COUNT);
        int at = Resident.SIZE_BYTES + count * LazyRange.SIZE_BYTES;
        record.putLong(at + LazyRange.ADDRESS, A + firstPage * PAGE);
        record.putLong(at + LazyRange.LENGTH, pages * PAGE);
        record.putInt(at + LazyRange.IMAGE_PAGE, (int) (firstPage - imageStart));
        record.putLong(Resident.RANGE_COUNT, count + 1);
    }

    private static ByteRange pages(long first, long count) {
        return ByteRange.ofLength(A + first * PAGE, count * PAGE);
    }

    /** The record is two pages, so that what looks like one may stand elsewhere. */
    private CheckpointBuilder withRecord(long address) {
        CheckpointBuilder copy = new CheckpointBuilder();
        described.forEach(part -> part.accept(copy));
        return copy.mapping(CheckpointSamples.mapping(SLOT + ImageLayout.DONE_BITS, 1, MappingKind.ANONYMOUS, RW, 0, ""))
                .mapping(CheckpointSamples.mapping(RECORD, 2, MappingKind.ANONYMOUS, RW, 0, ""))
                .bytes(address, ExtentKind.PRIVATE, record.array().clone());
    }
}
