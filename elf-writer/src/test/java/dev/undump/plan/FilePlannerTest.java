// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.FileLock;
import dev.undump.checkpoint.FileOwner;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import dev.undump.checkpoint.Watch;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePlannerTest {

    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_APPEND = 02000;
    private static final int O_CREAT_TRUNC = 01100;
    private static final int O_NONBLOCK = 04000;
    private static final int O_ASYNC = 020000;
    private static final int O_DIRECT = 040000;

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private final DataArea data = new DataArea();
    private LaunchPolicies policies = LaunchPolicies.NONE;
    private int files;

    @Test
    void standardDescriptors_terminal_areTheLaunchs() throws Exception {
        open(FileKind.TERMINAL, O_RDWR, 0, 1, 2, 10);
        assertThat(plan())
                .containsExactly(inherit(0), inherit(1), inherit(2), duplicate(10, 0));
    }

    @Test
    void standardDescriptors_filesOfUnknownOrigin_areTheLaunchs() throws Exception {
        open(FileKind.DEVICE, 0, 0);
        open(FileKind.REGULAR, O_WRONLY, 1, 2);
        assertThat(plan()).containsExactly(inherit(0), inherit(1), inherit(2));
    }

    @Test
    void standardDescriptors_alsoOpenElsewhere_areTheProgramsOwn() throws Exception {
        open(FileKind.REGULAR, O_WRONLY, 1, 5);
        assertThat(kinds()).containsExactly("OPEN 1", "DUPLICATE 5");
    }

    @Test
    void standardDescriptors_underCkpt_areWhatWasInherited() throws Exception {
        builder.process(CheckpointSamples.processLaunchedByCkpt(PlanSamples.TID));
        open(FileKind.REGULAR, O_WRONLY, 1);
        openWithFlags(FileKind.REGULAR, CheckpointLayout.DESCRIPTION_INHERITED, 2, 7);
        assertThat(plan().subList(0, 1)).containsExactly(inherit(2));
        assertThat(kinds()).containsExactly("INHERIT 2", "OPEN 1", "DUPLICATE 7");
    }

    @Test
    void standardFile_notKnownToBeInherited_isTheLaunchsUnlessItShallBeOpenedAgain() throws Exception {
        open(FileKind.REGULAR, O_WRONLY, 1);
        assertThat(kinds()).containsExactly("INHERIT 1");
        policies = policies.withReopenedStandardFiles();
        assertThat(kinds()).containsExactly("OPEN 1");
    }

    @Test
    void standardDescriptors_closedByTheProgram_areClosed() throws Exception {
        open(FileKind.TERMINAL, O_RDWR, 1);
        assertThat(wholePlan())
                .containsExactly(
                        inherit(1),
                        FileOp.of(FileOp.Kind.CLOSE, 0, 0, false),
                        FileOp.of(FileOp.Kind.CLOSE, 2, 0, false));
    }

    @Test
    void outside_aboveTheStandardOnes_isRefusedUnlessAPipeThatWasAllowed() throws Exception {
        openWithFlags(FileKind.PIPE, CheckpointLayout.DESCRIPTION_OUTSIDE, 8);
        assertThat(plan())
                .containsExactly(FileOp.of(
                        FileOp.Kind.INHERIT, 8, O_WRONLY, true, FileOp.number(ImageLayout.INHERIT_PIPE)));
        open(FileKind.OUTSIDE, 0, 9);
        assertThatThrownBy(this::plan).isInstanceOf(PlanException.class).hasMessageContaining("descriptor 9");
    }

    @Test
    void regularFile_isOpenedAgainWithoutMakingOrEmptyingIt() throws Exception {
        open(FileKind.REGULAR, O_RDWR | O_APPEND | O_CREAT_TRUNC, 3);
        assertThat(plan())
                .containsExactly(FileOp.of(
                                FileOp.Kind.OPEN, 3, O_RDWR | O_APPEND, true, FileOp.number(0100000))
                        .withPath(NativeText.of("/some/file"))
                        .withOffset(12));
    }

    @Test
    void locks_ofTheProgramsFiles_areTakenAgainLast() throws Exception {
        open(FileKind.TERMINAL, O_RDWR, 0);
        open(FileKind.REGULAR, O_RDWR, 3, 4);
        builder.fileLock(new FileLock(0, CheckpointLayout.LOCK_FLOCK, true, 0, 0))
                .fileLock(new FileLock(1, CheckpointLayout.LOCK_DESCRIPTION, false, 7, 9));
        assertThat(kinds()).containsExactly("INHERIT 0", "OPEN 3", "DUPLICATE 4", "LOCK 3");
        assertThat(plan().get(3).values())
                .containsExactly(FileOp.number(3), FileOp.number(0), FileOp.number(7), FileOp.number(9));
    }

    @Test
    void deletedFile_bringsItsBytes() throws Exception {
        OpenFile file = file(FileKind.DELETED, 0, O_RDWR, 0);
        builder.openFile(file, new byte[5000]).descriptor(new Descriptor(4, 0, false));
        assertThat(plan())
                .containsExactly(FileOp.of(
                                FileOp.Kind.DELETED, 4, O_RDWR, false, new PlanOffset.InData(0), FileOp.number(5000))
                        .withPath(file.path())
                        .withOffset(12));
        assertThat(data.pieces()).containsExactly(new DataPiece(0, 5000, 4096));
        assertThat(data.sizeBytes()).isEqualTo(8192);
    }

    @Test
    void deletedFile_openedTwice_isOneFile() throws Exception {
        open(FileKind.DELETED, 0, 3);
        open(FileKind.DELETED, O_RDWR, 4, 5);
        assertThat(kinds()).containsExactly("DELETED 3", "MEMFD_OPEN 4", "DUPLICATE 5");
        assertThat(plan().get(1))
                .isEqualTo(FileOp.of(FileOp.Kind.MEMFD_OPEN, 4, O_RDWR, true, FileOp.number(3)).withOffset(12));
    }

    @Test
    void pipe_bothEnds_areMadeAtOnceAndFilledAtTheEnd() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.EVENTFD, O_RDWR, 3);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_WRONLY, 7, 8);
        assertThat(kinds())
                .containsExactly("EVENTFD 3", "PIPE 6", "PIPE_WRITER 7", "DUPLICATE 8", "PIPE_DATA 7");
        FileOp pipe = plan().get(1);
        assertThat(pipe.values().get(0)).isEqualTo(FileOp.number(7));
        assertThat(pipe.values().get(3)).isEqualTo(FileOp.number(65536));
        FileOp bytes = plan().get(4);
        assertThat(bytes.values().get(0)).isEqualTo(FileOp.number(0));
        assertThat(bytes.values().get(2)).isEqualTo(FileOp.number(7));
    }

    @Test
    void pipe_closedWritingEnd_isFilledBeforeItCloses() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.PIPE, 0, 6);
        assertThat(plan())
                .containsExactly(FileOp.of(
                        FileOp.Kind.PIPE,
                        6,
                        0,
                        true,
                        FileOp.number(-1),
                        new PlanOffset.InData(0),
                        FileOp.number(7),
                        FileOp.number(65536)));
    }

    @Test
    void pipe_closedReadingEnd_hasNoBytes() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[0]);
        open(FileKind.PIPE, O_WRONLY, 7);
        assertThat(kinds()).containsExactly("PIPE -1", "PIPE_WRITER 7");
    }

    @Test
    void pipe_packets_keepTheirLengths() throws Exception {
        builder.pipe(new PipeState(55, 65536, true, 4096, 13, 2, 0), new byte[13]);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_WRONLY | O_DIRECT, 7);
        FileOp bytes = plan().get(2);
        assertThat(plan().get(1).openFlags()).isEqualTo(O_WRONLY | O_DIRECT);
        assertThat(bytes.kind()).isEqualTo(FileOp.Kind.PIPE_DATA);
        assertThat(bytes.values().get(0)).isEqualTo(FileOp.number(2));
        assertThat(bytes.values().get(2)).isEqualTo(FileOp.number(13));
    }

    @Test
    void pipe_openedTwice_isOpenedOnceMore() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_NONBLOCK, 7);
        open(FileKind.PIPE, O_WRONLY, 8);
        open(FileKind.PIPE, O_RDWR, 9);
        assertThat(kinds())
                .containsExactly("PIPE 6", "PIPE_WRITER 8", "PIPE_OPEN 7", "PIPE_OPEN 9", "PIPE_DATA 8");
        assertThat(plan().get(2)).isEqualTo(FileOp.of(FileOp.Kind.PIPE_OPEN, 7, O_NONBLOCK, true, FileOp.number(6)));
        assertThat(plan().get(3).openFlags()).isEqualTo(O_RDWR);
    }

    @Test
    void pipe_endThatDoesBothAlone_isOpenedFromOneThatStandsInItsPlace() throws Exception {
        builder.pipe(new PipeState(55, 65536, true, 4096, 13, 2, 0), new byte[13]);
        open(FileKind.PIPE, O_RDWR, 6);
        assertThat(kinds()).containsExactly("PIPE 6", "PIPE_OPEN 6");
        assertThat(plan().get(0).offset()).isEqualTo(2);
        assertThat(plan().get(1)).isEqualTo(FileOp.of(FileOp.Kind.PIPE_OPEN, 6, O_RDWR, true, FileOp.number(6)));
    }

    @Test
    void fifo_bytesComeWithTheFirstOpening() throws Exception {
        builder.pipe(new PipeState(0, 131072, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.FIFO, 0, 6);
        open(FileKind.FIFO, O_WRONLY, 7);
        assertThat(plan())
                .containsExactly(
                        fifo(6, 0, new PlanOffset.InData(0), 7).withPath(NativeText.of("/some/file")),
                        fifo(7, O_WRONLY, PlanOffset.ZERO, 0).withPath(NativeText.of("/some/file")));
    }

    private static FileOp fifo(int fd, int flags, PlanOffset place, long size) {
        return FileOp.of(
                FileOp.Kind.FIFO, fd, flags, true, PlanOffset.ZERO, place, FileOp.number(size), FileOp.number(131072));
    }

    @Test
    void owners_comeLastAndNameTheThread() throws Exception {
        open(FileKind.TERMINAL, O_RDWR, 0);
        open(FileKind.EVENTFD, O_RDWR | O_ASYNC, 3);
        builder.fileOwner(new FileOwner(
                1, CheckpointLayout.OWNER_THREAD, OptionalInt.of(PlanSamples.TID), 34));
        assertThat(kinds()).containsExactly("INHERIT 0", "EVENTFD 3", "OWNER 3");
        assertThat(plan().get(1).openFlags()).isEqualTo(O_RDWR);
        assertThat(plan().get(2))
                .isEqualTo(FileOp.of(
                        FileOp.Kind.OWNER, 3, O_ASYNC, false, FileOp.number(0), FileOp.number(0), FileOp.number(34)));
    }

    @Test
    void epoll_watchesAreAddedWhenAllIsOpen() throws Exception {
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.EVENTFD, O_RDWR, 4, 9);
        builder.epollItem(new EpollItem(0, 9, 0x80000001, -2));
        assertThat(kinds()).containsExactly("EPOLL 3", "EVENTFD 4", "DUPLICATE 9", "EPOLL_ADD 3");
        assertThat(plan().get(3).values())
                .startsWith(FileOp.number(9), FileOp.number(0x80000001L), FileOp.number(-2));
    }

    @Test
    void epoll_itemThatHasFired_isSpentBeforeOthersAreAdded() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[0]);
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_WRONLY, 7);
        open(FileKind.EVENTFD, O_RDWR, 9);
        builder.epollItem(new EpollItem(0, 9, 0x40000001, 1))
                .epollItem(new EpollItem(0, 6, 0x40000000, 2))
                .epollItem(new EpollItem(0, 9, 0xc0000000, 3));
        List<FileOp> last = plan().subList(4, 7);
        assertThat(last).extracting(FileOp::kind).containsExactly(
                FileOp.Kind.EPOLL_SPENT, FileOp.Kind.EPOLL_SPENT, FileOp.Kind.EPOLL_ADD);
        assertThat(last.get(0).values())
                .containsExactly(FileOp.number(6), FileOp.number(0x40000000L), FileOp.number(2), FileOp.number(8));
        assertThat(last.get(1).values().get(3)).isEqualTo(FileOp.number(0));
    }

    @Test
    void epoll_spentItemOfAPipeWithBytes_needsNoWriter() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_WRONLY, 7);
        builder.epollItem(new EpollItem(0, 6, 0x40000000, 2));
        assertThat(plan().get(4).kind()).isEqualTo(FileOp.Kind.EPOLL_SPENT);
        assertThat(plan().get(4).values().get(3)).isEqualTo(FileOp.number(0));
    }

    @Test
    void inotify_allWatchesGetTheirNumbersBeforeAnyReports() throws Exception {
        open(FileKind.INOTIFY, 0, 5);
        builder.watch(new Watch(0, 9, 0x100, NativeText.of("/b"))).watch(new Watch(0, 2, 0x80000002, NativeText.of("/a")));
        assertThat(plan().subList(1, 5))
                .containsExactly(
                        FileOp.of(FileOp.Kind.WATCH, 5, 0, false, FileOp.number(2)).withPath(NativeText.of("/a")),
                        FileOp.of(FileOp.Kind.WATCH, 5, 0, false, FileOp.number(9)).withPath(NativeText.of("/b")),
                        FileOp.of(FileOp.Kind.WATCH_MASK, 5, 0, false, FileOp.number(2), FileOp.number(0x80000002L))
                                .withPath(NativeText.of("/a")),
                        FileOp.of(FileOp.Kind.WATCH_MASK, 5, 0, false, FileOp.number(9), FileOp.number(0x100))
                                .withPath(NativeText.of("/b")));
    }

    @Test
    void timer_ofAMoment_keepsTheMoment() throws Exception {
        OpenFile like = file(FileKind.TIMERFD, 0, O_RDWR, 0);
        add(timer(like, 0), 3);
        add(timer(like, 1_700_000_000_000_000_000L), 4);
        assertThat(kinds()).containsExactly("TIMERFD 3", "TIMERFD_AT 4");
        assertThat(plan().get(0).values().get(2)).isEqualTo(FileOp.number(500));
        assertThat(plan().get(1).values().get(2)).isEqualTo(FileOp.number(1_700_000_000_000_000_000L));
        assertThat(plan().get(1).offset()).isEqualTo(2);
    }

    @Test
    void handles_areOpenedByNameOrMadeAgain() throws Exception {
        open(FileKind.PIDFD, O_RDWR, 3);
        open(FileKind.QUEUE, O_RDWR, 4);
        open(FileKind.OWN_PROC, 0, 5);
        assertThat(kinds()).containsExactly("PIDFD 3", "QUEUE 4", "OPEN 5");
        assertThat(plan().get(1).path()).isEqualTo(NativeText.of("/some/file"));
    }

    /** A timer with an interval of 700 ns and two expirations that were not read. */
    private static OpenFile timer(OpenFile like, long moment) {
        return new OpenFile(
                like.kind(), 0, like.openFlags(), like.mode(), moment, 77, 0, 15, 0, 0, 0, 0, like.path(), 0, 0, 0,
                List.of(0L, 1L, 500L, 700L), 2, 0);
    }

    private void open(FileKind kind, int openFlags, int... descriptors) {
        add(file(kind, 0, openFlags, files), descriptors);
    }

    private void openWithFlags(FileKind kind, int flags, int... descriptors) {
        add(file(kind, flags, O_WRONLY, files), descriptors);
    }

    private void add(OpenFile file, int... descriptors) {
        builder.openFile(file);
        for (int descriptor : descriptors) {
            builder.descriptor(new Descriptor(descriptor, files, true));
        }
        files++;
    }

    private static OpenFile file(FileKind kind, int flags, int openFlags, int offset) {
        return new OpenFile(
                kind,
                flags,
                openFlags,
                0100644,
                kind == FileKind.REGULAR || kind == FileKind.DELETED ? 12 : 0,
                77,
                8,
                1,
                0,
                0,
                100,
                offset,
                NativeText.of("/some/file"),
                0,
                0,
                0,
                List.of(0L, 0L, 0L, 0L),
                0,
                0);
    }

    /** The plan without what it says about standard descriptors that the test did not mention. */
    private List<FileOp> plan() throws Exception {
        return wholePlan().stream().filter(op -> op.kind() != FileOp.Kind.CLOSE).toList();
    }

    private List<FileOp> wholePlan() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        OpenFiles openFiles = new OpenFiles(checkpoint, policies);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        return new FilePlanner(checkpoint, data, openFiles, memoryFiles, policies).plan();
    }

    private List<String> kinds() throws Exception {
        return plan().stream().map(op -> op.kind() + " " + op.fd()).toList();
    }

    private static FileOp inherit(int fd) {
        return FileOp.of(FileOp.Kind.INHERIT, fd, 0, true);
    }

    private static FileOp duplicate(int fd, int of) {
        return FileOp.of(FileOp.Kind.DUPLICATE, fd, 0, true, FileOp.number(of));
    }
}
