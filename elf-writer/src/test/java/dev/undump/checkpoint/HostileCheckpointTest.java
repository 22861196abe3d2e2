// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.CheckpointException.Kind;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Description;
import dev.undump.nativestub.CheckpointLayout.Extent;
import dev.undump.nativestub.CheckpointLayout.Header;
import dev.undump.nativestub.CheckpointLayout.Mapping;
import dev.undump.nativestub.CheckpointLayout.Process;
import dev.undump.nativestub.CheckpointLayout.Section;
import dev.undump.nativestub.CheckpointLayout.Thread;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Intent: numbers that make no sense under checksums that are right. */
class HostileCheckpointTest {

    private static final int PAGE = CheckpointLayout.PAGE_SIZE;
    private static final byte[] WHOLE = CheckpointSamples.everything().build();

    /** Four letters. */
    private static final int A = 0x61616161;

    @TempDir
    private Path folder;

    @Test
    void read_surgeryWithoutAChange_succeeds() throws IOException {
        Path file = Files.write(folder.resolve("same"), new CheckpointSurgery(WHOLE).file());

        assertThat(CheckpointReader.read(file).threads()).hasSize(3);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"headers", "sections", "processes", "threads", "memory", "files", "signals", "timers", "references", "inputs"})
    void read_hostileNumber_isDamaged(String message, UnaryOperator<CheckpointSurgery> change) throws IOException {
        Path file = Files.write(folder.resolve("hostile"), change.apply(new CheckpointSurgery(WHOLE)).file());

        assertThatThrownBy(() -> CheckpointReader.read(file))
                .isInstanceOfSatisfying(CheckpointException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DAMAGED))
                .hasMessageContaining(message);
    }

    static Stream<Arguments> headers() {
        return Stream.of(
                header("header size", s -> s.headerInt(Header.HEADER_SIZE, 64)),
                header("page size", s -> s.headerInt(Header.PAGE_SIZE, 8192)),
                header("architecture", s -> s.headerInt(Header.ARCH, 183)),
                header("reserved field", s -> s.headerInt(Header.RESERVED0, 1)),
                header("reserved field", s -> s.headerLong(Header.RESERVED + 24, 1)),
                header("range of", s -> s.headerLong(Header.DATA_SIZE, -4096)),
                header("range of", s -> s.headerLong(Header.INDEX_OFFSET, -4096)),
                header("offset of the data", s -> s.headerLong(Header.DATA_OFFSET, 0)),
                header("offset or size of the data", s -> s.headerLong(Header.DATA_SIZE, 17)),
                header("offset of the index", s -> s.headerLong(Header.INDEX_OFFSET, 8)),
                header("offset of the index", s -> s.headerLong(Header.DATA_SIZE, 1L << 40)),
                header("size of the index", s -> s.headerLong(Header.INDEX_SIZE, 8)),
                header("sections do not fit", s -> s.headerInt(Header.SECTION_COUNT, -1)),
                header("sections do not fit", s -> s.headerInt(Header.SECTION_COUNT, 1 << 27)),
                header("0 records of the process", s -> s.headerInt(Header.SECTION_COUNT, 0)));
    }

    static Stream<Arguments> sections() {
        int threads = CheckpointLayout.SECTION_THREADS;
        return Stream.of(
                header("record size of threads", s -> s.sectionInt(threads, Section.RECORD_SIZE, 0)),
                header("record size of threads", s -> s.sectionInt(threads, Section.RECORD_SIZE, -560)),
                header("record size of threads", s -> s.sectionInt(threads, Section.RECORD_SIZE, 559)),
                header("size of threads", s -> s.sectionLong(threads, Section.SIZE, -560)),
                header("size of threads", s -> s.sectionLong(threads, Section.SIZE, 1L << 40)),
                header("record count of threads", s -> s.sectionLong(threads, Section.COUNT, 1L << 40)),
                header("record count of threads", s -> s.sectionLong(threads, Section.SIZE, 3 * 560 - 8)),
                header("range of", s -> s.sectionLong(threads, Section.OFFSET, -8)),
                header("offset of threads", s -> s.sectionLong(threads, Section.OFFSET, 0)),
                header("offset of threads", s -> s.sectionLong(threads, Section.OFFSET, 1L << 40)),
                header("offset of threads", s -> s.sectionLong(
                        threads, Section.OFFSET, s.sectionLong(threads, Section.OFFSET) + 1)),
                header("sections overlap", s -> s.sectionLong(
                        threads, Section.OFFSET, s.headerLong(Header.INDEX_OFFSET))),
                header("sections overlap", s -> s.sectionLong(
                        threads, Section.OFFSET, s.sectionLong(CheckpointLayout.SECTION_MAPPINGS, Section.OFFSET) + 8)),
                header("kind of a second section", s -> s.sectionInt(
                        CheckpointLayout.SECTION_XSTATES, Section.KIND, CheckpointLayout.SECTION_AUXV)),
                header("0 records of the processor", s -> s.sectionInt(CheckpointLayout.SECTION_CPU, Section.KIND, 99)),
                header("is not in the table of 0 bytes", s -> s.sectionInt(
                        CheckpointLayout.SECTION_STRINGS, Section.KIND, 99)));
    }

    static Stream<Arguments> processes() {
        return Stream.of(
                process("reserved byte", Process.RESERVED0, 1),
                process("launch record", Process.LAUNCH_RECORD, 1),
                process("launch record", Process.LAUNCH_RECORD, 8),
                process("launch record", Process.LAUNCH_RECORD, -8, Process.LAUNCH_RECORD + 4, -1),
                process("umask", Process.UMASK, 01000),
                process("pid", Process.PID, 0),
                process("own pid", Process.OWN_PID, -1),
                process("no_new_privs", Process.NO_NEW_PRIVS, 2),
                process("trigger 9 is unknown", Process.TRIGGER, 9),
                process("brk", Process.BRK + 4, 0x01000000),
                process("string of", Process.EXECUTABLE, 0x7fffffff),
                process("string of", Process.COMMAND_LINE + 4, -1),
                process("string of", Process.COMMAND_LINE + 4, 1),
                process("state of the working directory", Process.WD_STATE, 1, Process.WD_STATE + 4, 15),
                process("timer interval", Process.ITIMERS + 4, 0x80000000),
                process("nice", Process.NICE, 20),
                process("the first thread is not the leader", Process.PID, 1001),
                process("own id is not the process's", Process.OWN_PID, 1001));
    }

    static Stream<Arguments> threads() {
        int threads = CheckpointLayout.SECTION_THREADS;
        return Stream.of(
                record("reserved byte", threads, 1, Thread.RESERVED + 20, 1),
                record("tid", threads, 1, Thread.TID, 0),
                record("is there twice", threads, 2, Thread.TID, 1001),
                record("is there twice", threads, 2, Thread.OWN_TID, 1000),
                record("offset of the xstate", threads, 0, Thread.XSTATE_OFFSET, 4),
                record("offset of the xstate", threads, 0, Thread.XSTATE_OFFSET, 0x7fffffc0),
                record("offset of the xstate", threads, 2, Thread.XSTATE_SIZE, 10_000),
                record("offset of the xstate", threads, 0, Thread.XSTATE_SIZE, -1),
                record("xstate size", threads, 0, Thread.XSTATE_SIZE, 512),
                record("in_syscall", threads, 0, Thread.IN_SYSCALL, 2),
                record("system call number", threads, 0, Thread.SYSCALL_NUMBER + 4, 1),
                record("nice", threads, 0, Thread.NICE, -21),
                record("priority", threads, 0, Thread.PRIORITY, 100),
                record("parent-death signal", threads, 0, Thread.PARENT_DEATH_SIGNAL, 65),
                record("length of the thread's name", threads, 0, Thread.NAME + 4, A, Thread.NAME + 8, A, Thread.NAME + 12, A),
                record("padding of name", threads, 0, Thread.NAME + 12, 1));
    }

    static Stream<Arguments> memory() {
        int mappings = CheckpointLayout.SECTION_MAPPINGS;
        int extents = CheckpointLayout.SECTION_EXTENTS;
        return Stream.of(
                record("mapping kind 7 is unknown", mappings, 0, Mapping.KIND, 7),
                record("protection", mappings, 0, Mapping.PROTECTION, 8),
                record("mapping start or end", mappings, 0, Mapping.START, 0x400001),
                record("ends before it starts", mappings, 0, Mapping.END, 0x400000 - PAGE),
                record("mapping end", mappings, 0, Mapping.END, 0x400000),
                record("overlaps another", mappings, 0, Mapping.END, 0x1001000),
                record("overlaps another", mappings, 1, Mapping.START, 0x402000),
                record("refers to memory file 0", mappings, 0, Mapping.SHARE_ID, 1),
                record("share id", mappings, 1, Mapping.SHARE_ID, 1),
                record("share id", mappings, 2, Mapping.SHARE_ID, 0),
                record("file offset of the mapping", mappings, 0, Mapping.FILE_OFFSET, 1),
                record("index of the first extent", mappings, 1, Mapping.FIRST_EXTENT, 2),
                record("number of extents", mappings, 1, Mapping.EXTENT_COUNT, 100),
                record("extent", mappings, 1, Mapping.EXTENT_COUNT, 2),
                record("index of the first extent", mappings, 1, Mapping.EXTENT_COUNT, 0),
                record("extent kind 0 is unknown", extents, 0, Extent.KIND, 0),
                record("extent address", extents, 0, Extent.ADDRESS, 0x3ff000),
                record("extent address", extents, 0, Extent.ADDRESS, 0x400800),
                record("extent address", extents, 1, Extent.ADDRESS, 0x400000),
                record("extent address", extents, 2, Extent.LENGTH, 2 * PAGE),
                record("extent length", extents, 0, Extent.LENGTH, 0),
                record("extent length", extents, 0, Extent.LENGTH, 100),
                record("extent length", extents, 0, Extent.LENGTH + 4, 0x7fffffff),
                record("file offset of an extent without bytes", extents, 2, Extent.FILE_OFFSET, PAGE),
                record("checksum of an extent without bytes", extents, 2, Extent.CRC, 1),
                record("extent file offset", extents, 0, Extent.FILE_OFFSET, 100),
                record("outside the data area", extents, 0, Extent.FILE_OFFSET, 0),
                record("outside the data area", extents, 0, Extent.FILE_OFFSET, 1 << 24),
                record("used twice", extents, 0, Extent.FILE_OFFSET, 2 * PAGE));
    }

    static Stream<Arguments> files() {
        int files = CheckpointLayout.SECTION_DESCRIPTIONS;
        int descriptors = CheckpointLayout.SECTION_DESCRIPTORS;
        int pipes = CheckpointLayout.SECTION_PIPES;
        return Stream.of(
                record("checksum of no file contents", files, 0, Description.DATA_CRC, 1),
                record("file kind 14 is unknown", files, 0, Description.KIND, 14),
                record("size of stored contents", files, 1, Description.KIND, 1),
                record("offset of file contents", files, 1, Description.DATA_OFFSET, 0),
                record("offset of file contents", files, 1, Description.DATA_OFFSET, 100),
                record("size of file contents", files, 1, Description.DATA_SIZE + 4, 0x80000000),
                record("outside the data area", files, 1, Description.DATA_SIZE + 4, 1),
                record("refers to pipe 1", files, 2, Description.OBJECT, 1),
                record("no pipe of the process but refers", files, 0, Description.OBJECT, 1),
                record("reserved byte", descriptors, 0, CheckpointLayout.Descriptor.RESERVED, 1),
                record("descriptor", descriptors, 0, CheckpointLayout.Descriptor.FD, -1),
                record("twice or out of order", descriptors, 0, CheckpointLayout.Descriptor.FD, 1),
                record("refers to open file 6", descriptors, 0, CheckpointLayout.Descriptor.DESCRIPTION, 6),
                record("index of the open file", descriptors, 0, CheckpointLayout.Descriptor.DESCRIPTION, -1),
                record("flags of the descriptor", descriptors, 0, CheckpointLayout.Descriptor.FLAGS, 2),
                record("pipe capacity", pipes, 0, CheckpointLayout.Pipe.CAPACITY, 0),
                record("packet count", pipes, 0, CheckpointLayout.Pipe.PACKET_COUNT, 100),
                record("packet count", pipes, 0, CheckpointLayout.Pipe.PACKET_COUNT, -1),
                record("outside the data area", pipes, 0, CheckpointLayout.Pipe.DATA_SIZE, 1 << 24),
                record("used twice", pipes, 0, CheckpointLayout.Pipe.DATA_OFFSET, PAGE));
    }

    static Stream<Arguments> signals() {
        int actions = CheckpointLayout.SECTION_ACTIONS;
        int pending = CheckpointLayout.SECTION_PENDING;
        return Stream.of(
                record("signal", actions, 0, CheckpointLayout.SignalAction.SIGNAL, 0),
                record("signal", actions, 0, CheckpointLayout.SignalAction.SIGNAL, 65),
                record("signal 13 has two actions", actions, 0, CheckpointLayout.SignalAction.SIGNAL, 13),
                record("reserved byte", actions, 0, CheckpointLayout.SignalAction.RESERVED, 1),
                record("signal", pending, 0, CheckpointLayout.PendingSignal.SIGNAL, 0),
                record("pending for thread 99", pending, 0, CheckpointLayout.PendingSignal.TID, 99),
                record("thread of a pending signal", pending, 0, CheckpointLayout.PendingSignal.TID, -1));
    }

    static Stream<Arguments> timers() {
        int timers = CheckpointLayout.SECTION_POSIX_TIMERS;
        return Stream.of(
                record("id of a POSIX timer", timers, 0, CheckpointLayout.PosixTimer.ID, -1),
                record("POSIX timer 2 is there twice", timers, 1, CheckpointLayout.PosixTimer.ID, 2),
                record("clock of a POSIX timer", timers, 0, CheckpointLayout.PosixTimer.CLOCK, -2),
                record("clock of a POSIX timer", timers, 1, CheckpointLayout.PosixTimer.CLOCK, 8),
                record("names a thread that is not there", timers, 1, CheckpointLayout.PosixTimer.CLOCK_TID, 99),
                record("names a thread that is not there", timers, 1, CheckpointLayout.PosixTimer.TID, 99),
                record("notification of a POSIX timer", timers, 1, CheckpointLayout.PosixTimer.TID, 0),
                record("notification of a POSIX timer", timers, 0, CheckpointLayout.PosixTimer.NOTIFY, 3),
                record("signal", timers, 0, CheckpointLayout.PosixTimer.SIGNAL, 65),
                record("interval of a POSIX timer", timers, 0, CheckpointLayout.PosixTimer.INTERVAL_NS + 4, -1),
                record("remaining time", timers, 0, CheckpointLayout.PosixTimer.REMAINING_NS + 4, -1));
    }

    static Stream<Arguments> inputs() {
        int inputs = CheckpointLayout.SECTION_INPUTS;
        return Stream.of(
                record("kind of the input 9 is unknown", inputs, 0, CheckpointLayout.Input.KIND, 9),
                record("reserved byte", inputs, 1, CheckpointLayout.Input.RESERVED, 1),
                record("is not in the table", inputs, 0, CheckpointLayout.Input.PATH, A),
                record("which is not absolute", inputs, 0, CheckpointLayout.Input.PATH, 0, CheckpointLayout.Input.PATH + 4, 0),
                record("length of an input's target", inputs, 2, CheckpointLayout.Input.KIND, CheckpointLayout.INPUT_FILE),
                header("input /etc/sample.conf is there twice or out of order", s -> pathOfFirst(s, inputs, 1)));
    }

    private static CheckpointSurgery pathOfFirst(CheckpointSurgery surgery, int section, int index) {
        return surgery.recordInt(section, index, CheckpointLayout.Input.PATH, surgery.recordInt(section, 0))
                .recordInt(section, index, CheckpointLayout.Input.PATH + 4, "/etc/sample.conf".length());
    }

    static Stream<Arguments> references() {
        int items = CheckpointLayout.SECTION_EPOLL_ITEMS;
        int locks = CheckpointLayout.SECTION_FILE_LOCKS;
        int watches = CheckpointLayout.SECTION_WATCHES;
        int terminals = CheckpointLayout.SECTION_TERMINALS;
        int owners = CheckpointLayout.SECTION_FILE_OWNERS;
        return Stream.of(
                record("an owner refers to open file 50", owners, 0, CheckpointLayout.FileOwner.DESCRIPTION, 50),
                record("an owner refers to open file 0", owners, 1, CheckpointLayout.FileOwner.DESCRIPTION, 0),
                record("kind of an owner", owners, 0, CheckpointLayout.FileOwner.KIND, 4),
                record("thread of an owner", owners, 0, CheckpointLayout.FileOwner.TID, 1001),
                record("thread that is not there", owners, 1, CheckpointLayout.FileOwner.TID, 99),
                record("signal of a file", owners, 1, CheckpointLayout.FileOwner.SIGNAL, 65),
                record("watch 3 refers to open file 0", watches, 0, CheckpointLayout.Watch.DESCRIPTION, 0),
                record("number of a watch", watches, 0, CheckpointLayout.Watch.NUMBER, 0),
                record("string of 0 bytes", watches, 0, CheckpointLayout.Watch.PATH + 4, 0),
                record("reserved byte", watches, 0, CheckpointLayout.Watch.RESERVED, 1),
                record("refer to open file 1", terminals, 0, CheckpointLayout.Terminal.DESCRIPTION, 1),
                record("refer to open file 50", terminals, 0, CheckpointLayout.Terminal.DESCRIPTION, 50),
                record("flags of a terminal", terminals, 0, CheckpointLayout.Terminal.FLAGS, 4),
                record("reserved byte", terminals, 0, CheckpointLayout.Terminal.RESERVED, 1),
                record("refers to open file 50", locks, 0, CheckpointLayout.FileLock.DESCRIPTION, 50),
                record("kind of a lock", locks, 0, CheckpointLayout.FileLock.KIND, 4),
                record("exclusiveness", locks, 0, CheckpointLayout.FileLock.EXCLUSIVE, 2),
                record("length of a lock", locks, 0, CheckpointLayout.FileLock.LENGTH + 4, -1),
                record("epoll item of descriptor 6", items, 0, CheckpointLayout.EpollItem.DESCRIPTION, 0),
                record("epoll item of descriptor 6", items, 0, CheckpointLayout.EpollItem.DESCRIPTION, 50),
                record("watched descriptor", items, 0, CheckpointLayout.EpollItem.FD, -1),
                record("reserved byte", items, 0, CheckpointLayout.EpollItem.RESERVED, 1),
                record("reserved byte", CheckpointLayout.SECTION_CPU, 0, CheckpointLayout.Cpu.RESERVED, 1),
                record("first byte of the strings", CheckpointLayout.SECTION_STRINGS, 0, 0, 0x01010101),
                record("auxiliary vector has no end", CheckpointLayout.SECTION_AUXV, 32, 0, 1),
                record("is not in the table", CheckpointLayout.SECTION_ALLOWANCES, 0, 4, 1000));
    }

    @Test
    void read_stringsOverlapping_isDamagedBeforeMemoryRunsOut() throws IOException {
        CheckpointBuilder builder = new CheckpointBuilder().allowance("x".repeat(30_000));
        for (int i = 0; i < 2000; i++) {
            builder.allowance("word" + i);
        }
        CheckpointSurgery surgery = new CheckpointSurgery(builder.build());
        int words = CheckpointLayout.SECTION_ALLOWANCES;
        Path whole = Files.write(folder.resolve("whole"), surgery.file());
        assertThat(CheckpointReader.read(whole).allowances()).hasSize(2001);
        // Each word becomes a suffix of the long one: 30 MB out of 60 kB.
        int start = surgery.recordInt(words, 0);
        for (int i = 1; i <= 2000; i++) {
            surgery.recordInt(words, i, 0, start + i).recordInt(words, i, 4, 30_000 - i);
        }
        Path file = Files.write(folder.resolve("hostile"), surgery.file());

        assertThatThrownBy(() -> CheckpointReader.read(file)).hasMessageContaining("overlaps others");
    }

    private static Arguments header(String message, UnaryOperator<CheckpointSurgery> change) {
        return Arguments.of(message, change);
    }

    private static Arguments process(String message, int... fieldsAndValues) {
        return record(message, CheckpointLayout.SECTION_PROCESS, 0, fieldsAndValues);
    }

    private static Arguments record(String message, int section, int index, int... fieldsAndValues) {
        UnaryOperator<CheckpointSurgery> change = surgery -> {
            for (int i = 0; i < fieldsAndValues.length; i += 2) {
                surgery.recordInt(section, index, fieldsAndValues[i], fieldsAndValues[i + 1]);
            }
            return surgery;
        };
        return Arguments.of(message, change);
    }
}
