// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointReaderTest {

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void writeEverything() throws IOException {
        file = CheckpointSamples.everything().write(folder.resolve("myckpt.dat"));
    }

    @Test
    void read_inputs_areAllThere() throws IOException {
        Checkpoint checkpoint = CheckpointReader.read(file);

        assertThat(checkpoint.inputs())
                .extracting(input -> input.kind() + " " + input.path() + " " + input.target())
                .containsExactly(
                        "FILE /etc/sample.conf ",
                        "DIRECTORY /etc/sample.d ",
                        "LINK /etc/sample.link sample.conf",
                        "MISSING /etc/sample.none ");
        assertThat(checkpoint.inputs().get(0).stamp())
                .isEqualTo(new FileStamp(0100644, 11, 4711, 1_700_000_000_123_456_789L, 1_700_000_001_000_000_000L));
    }

    @Test
    void read_everyKindOfRecord_returnsWhatWasWritten() throws IOException {
        Checkpoint checkpoint = CheckpointReader.read(file);

        assertThat(checkpoint.file()).isEqualTo(file);
        assertThat(checkpoint.header().id()).hasToString("0123456789abcdef1122334455667788");
        assertThat(checkpoint.header().totalSize()).isEqualTo(Files.size(file));
        assertThat(checkpoint.process()).isEqualTo(CheckpointSamples.process(1000));
        assertThat(checkpoint.cpu()).isEqualTo(CheckpointSamples.cpu());
        assertThat(checkpoint.threads()).extracting(CheckpointThread::tid).containsExactly(1000, 1001, 1003);
        assertThat(checkpoint.threads().get(1)).isEqualTo(CheckpointSamples.thread(1001));
        assertThat(checkpoint.leader().call()).contains(new InterruptedCall(230, -516, 1_500_000_000L));
        assertThat(checkpoint.identity().threads())
                .containsExactly(
                        RightsSamples.filtered(RightsSamples.ALLOW_ALL, RightsSamples.ALLOW_ALL),
                        RightsSamples.user(1001),
                        RightsSamples.root(0x1ff, 0x3ff));
        assertThat(checkpoint.identity().boundMemory())
                .containsExactly(new BoundMemory(
                        ByteRange.ofLength(CheckpointSamples.HEAP, CheckpointSamples.PAGE), new MemoryPolicy(2, 5)));
        assertThat(checkpoint.descriptors()).contains(new Descriptor(5, 1, true), new Descriptor(1023, 4, false));
        assertThat(checkpoint.epollItems()).containsExactly(new EpollItem(3, 6, 1, 0xdeadbeefL));
        assertThat(checkpoint.watches()).containsExactly(new Watch(5, 3, 0x102, NativeText.of("/var/log")));
        assertThat(checkpoint.fileLocks())
                .containsExactly(new FileLock(4, CheckpointLayout.LOCK_PROCESS, true, 100, 0));
        assertThat(checkpoint.terminals()).containsExactly(CheckpointSamples.terminal(0, 3, 0x8a3b));
        assertThat(checkpoint.fileOwners())
                .containsExactly(
                        new FileOwner(0, CheckpointLayout.OWNER_PROCESS, OptionalInt.empty(), 0),
                        new FileOwner(2, CheckpointLayout.OWNER_THREAD, OptionalInt.of(1001), 40));
        assertThat(checkpoint.actions()).contains(new SignalAction(13, 1, 0, 0, 0));
        assertThat(checkpoint.pending()).extracting(PendingSignal::signal).containsExactly(10, 34);
        assertThat(checkpoint.posixTimers())
                .containsExactly(
                        new PosixTimer(2, 1, OptionalInt.empty(), 0, 34, OptionalInt.empty(), 77, 5_000, 4_000),
                        new PosixTimer(
                                7, 6, OptionalInt.of(1001), 4, 32, OptionalInt.of(1003), CheckpointSamples.HEAP, 0, 9_000));
        assertThat(checkpoint.auxv()).contains(new AuxiliaryEntry(6, 4096)).hasSize(2);
        assertThat(checkpoint.cpuid()).contains(new CpuidLeaf(7, 0, 5, 6, 7, 8));
        assertThat(checkpoint.allowances()).containsExactly(NativeText.of("tcp-closed"));
    }

    @Test
    void read_registers_keepTheirNames() throws IOException {
        Registers registers = CheckpointReader.read(file).leader().registers();

        assertThat(registers).isEqualTo(CheckpointSamples.registers(1000));
        assertThat(registers.rip()).isEqualTo(CheckpointSamples.CODE + 0x123);
    }

    @Test
    void read_mappings_haveTheirExtents() throws IOException {
        List<Mapping> mappings = CheckpointReader.read(file).mappings();

        Mapping code = mappings.get(0);
        assertThat(code.range()).isEqualTo(ByteRange.ofLength(CheckpointSamples.CODE, 4 * 4096));
        assertThat(code.name()).hasToString("/usr/bin/sample");
        assertThat(code.extents())
                .extracting(Extent::kind)
                .containsExactly(ExtentKind.FILE, ExtentKind.PRIVATE, ExtentKind.BEYOND_EOF);
        assertThat(code.storedBytes()).isEqualTo(2 * 4096);
        assertThat(mappings).filteredOn(Mapping::isStack).hasSize(1);
        assertThat(mappings).filteredOn(Mapping::isHeap).hasSize(1);
    }

    @Test
    void read_minimalProcess_succeeds() throws IOException {
        Path minimal = new CheckpointBuilder().write(folder.resolve("minimal"));

        Checkpoint checkpoint = CheckpointReader.read(minimal);

        assertThat(checkpoint.mappings()).isEmpty();
        assertThat(checkpoint.threads()).hasSize(1);
    }

    @Test
    void read_sameBytesTwice_givesEqualCheckpoints() throws IOException {
        assertThat(CheckpointReader.read(file)).isEqualTo(CheckpointReader.read(file));
    }

    @Test
    void verify_wholeCheckpoint_reportsProgressUpToTheEnd() throws IOException {
        List<Long> done = new ArrayList<>();

        Checkpoint checkpoint = CheckpointReader.verify(file, (doneBytes, totalBytes) -> {
            assertThat(doneBytes).isLessThanOrEqualTo(totalBytes);
            done.add(doneBytes);
        });

        assertThat(checkpoint).isEqualTo(CheckpointReader.read(file));
        assertThat(done).isSorted().last().isEqualTo(checkpoint.header().data().lengthBytes());
    }

    @Test
    void readSummary_ofWhatWriteSummaryWrote_givesTheSameRecords() throws IOException {
        Checkpoint whole = CheckpointReader.read(file);
        Path image = folder.resolve("image");
        long size = CheckpointReader.summarySize(whole);
        try (CheckpointMemory memory = CheckpointMemory.open(whole);
                WritableByteChannel target = Channels.newChannel(Files.newOutputStream(image))) {
            target.write(ByteBuffer.wrap(new byte[100]));
            CheckpointReader.writeSummary(whole, memory, target);
        }
        Files.write(image, new byte[50], StandardOpenOption.APPEND);

        Checkpoint summary = CheckpointReader.readSummary(image, 100, size);

        assertThat(summary.file()).isEqualTo(image);
        assertThat(summary.threads()).isEqualTo(whole.threads());
        assertThat(summary.mappings()).isEqualTo(whole.mappings());
        assertThat(summary.header()).isEqualTo(whole.header());
        assertThatThrownBy(() -> CheckpointMemory.open(summary)).isInstanceOf(CheckpointException.class);
    }

    @Test
    void readSummary_wrongPlace_isRefused() throws IOException {
        assertKind(() -> CheckpointReader.readSummary(file, 1, 200), CheckpointException.Kind.NOT_A_CHECKPOINT);
        assertKind(() -> CheckpointReader.readSummary(file, 0, 200), CheckpointException.Kind.TRUNCATED);
        assertKind(
                () -> CheckpointReader.readSummary(file, Files.size(file) - 5, 200), CheckpointException.Kind.TRUNCATED);
        assertKind(() -> CheckpointReader.readSummary(file, -1, 200), CheckpointException.Kind.TRUNCATED);
        assertKind(() -> CheckpointReader.readSummary(file, 0, Long.MAX_VALUE), CheckpointException.Kind.TRUNCATED);
    }

    @Test
    void read_missingFile_saysSo() {
        Path missing = folder.resolve("missing");

        assertThatThrownBy(() -> CheckpointReader.read(missing))
                .isInstanceOfSatisfying(CheckpointException.class, e -> {
                    assertThat(e.kind()).isEqualTo(CheckpointException.Kind.UNREADABLE);
                    assertThat(e.path()).isEqualTo(missing);
                })
                .hasMessage("reading the checkpoint " + missing + ": there is no such file; check the name");
    }

    @Test
    void read_directoryOrDevice_isRefusedWithoutOpeningIt() {
        assertThatThrownBy(() -> CheckpointReader.read(folder)).hasMessageContaining("it is a directory");
        assertThatThrownBy(() -> CheckpointReader.read(Path.of("/dev/zero"))).hasMessageContaining("not a regular file");
    }

    @Test
    void memory_fileReplacedMeanwhile_isRefused() throws IOException {
        Checkpoint checkpoint = CheckpointReader.read(file);
        CheckpointSamples.everything().id(new CheckpointId(1, 2)).write(file);

        assertThatThrownBy(() -> CheckpointMemory.open(checkpoint)).hasMessageContaining("was replaced");
    }

    private static void assertKind(ThrowingCallable act, CheckpointException.Kind kind) {
        assertThatThrownBy(act)
                .isInstanceOfSatisfying(CheckpointException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }
}
