// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.FileLock;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyPlannerTest {

    private static final int O_WRONLY = 1;
    private static final int O_RDWR = 2;
    private static final int O_APPEND = 02000;
    private static final int O_DIRECT = 040000;
    private static final int O_DIRECTORY = 0200000;
    private static final int REGULAR_MODE = 0100644;
    private static final NativeText ELSEWHERE = NativeText.of("/else/where");
    private static final DescriptorPolicy REOPEN = DescriptorPolicy.reopen(ELSEWHERE);

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private LaunchPolicies policies = LaunchPolicies.NONE;
    private int files;

    @Test
    void inherit_isNeededWithItsAccess() throws Exception {
        open(FileKind.EVENTFD, O_RDWR, 5, 6);
        decide(5, DescriptorPolicy.INHERIT);
        decide(6, DescriptorPolicy.INHERIT);
        assertThat(plan()).containsExactly(needed(5), needed(6));
    }

    @Test
    void reopen_regularFile_keepsFlagsAndOffset() throws Exception {
        open(FileKind.REGULAR, O_RDWR | O_APPEND | O_DIRECT, 5);
        decide(5, REOPEN);
        assertThat(plan()).containsExactly(opening(5, O_RDWR | O_APPEND | O_DIRECT, 0, ELSEWHERE).withOffset(12));
    }

    @Test
    void reopen_ofSomethingElse_hasNoOffsetAndNoPackets() throws Exception {
        builder.pipe(new PipeState(55, 65536, true, 0, 0, 0, 0), new byte[0]);
        open(FileKind.PIPE, O_WRONLY | O_DIRECT, 5);
        decide(5, REOPEN);
        assertThat(plan()).containsExactly(opening(5, O_WRONLY, 0, ELSEWHERE));
    }

    @Test
    void reopen_directory_mustBeOne() throws Exception {
        builder.openFile(file(FileKind.DIRECTORY, O_DIRECTORY, 040755)).descriptor(new Descriptor(5, 0, true));
        decide(5, REOPEN);
        assertThat(plan()).containsExactly(opening(5, O_DIRECTORY, 040000, ELSEWHERE));
    }

    @Test
    void sameDecisions_shareAgain_othersGoTheirOwnWay() throws Exception {
        open(FileKind.REGULAR, O_WRONLY, 5, 6, 7, 8, 9);
        decide(5, REOPEN);
        decide(7, REOPEN);
        decide(8, DescriptorPolicy.reopen(NativeText.of("/third")));
        assertThat(kinds()).containsExactly("OPEN 5", "DUPLICATE 7", "OPEN 8", "OPEN 6", "DUPLICATE 9");
        assertThat(plan().get(1).values().get(0)).isEqualTo(FileOp.number(5));
        assertThat(plan().get(4).values().get(0)).isEqualTo(FileOp.number(6));
    }

    @Test
    void close_comesFirst_andItsWatchIsLeftOut() throws Exception {
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.EVENTFD, O_RDWR, 4);
        builder.epollItem(new EpollItem(0, 4, 1, 7));
        decide(4, DescriptorPolicy.CLOSE);
        assertThat(kinds()).containsExactly("CLOSE 4", "EPOLL 3");
    }

    @Test
    void nullDevice_isWatchedAsFarAsItCanBe() throws Exception {
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.EVENTFD, O_RDWR, 4);
        builder.epollItem(new EpollItem(0, 4, 1, 7));
        decide(4, DescriptorPolicy.NULL);
        assertThat(plan().get(0)).isEqualTo(opening(4, O_RDWR, 0, NativeText.of("/dev/null")));
        assertThat(plan().get(2).kind()).isEqualTo(FileOp.Kind.EPOLL_ADD);
        assertThat(plan().get(2).offset()).isEqualTo(1);
    }

    @Test
    void epollInstance_decidedAbout_takesItsWatchesAlong() throws Exception {
        open(FileKind.EPOLL, O_RDWR, 3);
        open(FileKind.EVENTFD, O_RDWR, 4);
        builder.epollItem(new EpollItem(0, 4, 1, 7));
        decide(3, DescriptorPolicy.NULL);
        assertThat(kinds()).containsExactly("OPEN 3", "EVENTFD 4");
    }

    @Test
    void pipeEnd_decidedAbout_leavesTheOtherEndAlone() throws Exception {
        builder.pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[7]);
        open(FileKind.PIPE, 0, 6);
        open(FileKind.PIPE, O_WRONLY, 7);
        decide(7, DescriptorPolicy.NULL);
        assertThat(kinds()).containsExactly("OPEN 7", "PIPE 6");
        assertThat(plan().get(1).values().subList(0, 3))
                .containsExactly(FileOp.number(-1), new PlanOffset.InData(0), FileOp.number(7));
    }

    @Test
    void standardDescriptor_decidedAbout_isNoneOfTheLaunchs() throws Exception {
        open(FileKind.TERMINAL, O_RDWR, 0, 1, 2);
        decide(1, REOPEN);
        assertThat(kinds()).containsExactly("INHERIT 0", "INHERIT 2", "OPEN 1");
    }

    @Test
    void locks_allowedToBeLeftOut_areNotTaken() throws Exception {
        open(FileKind.REGULAR, O_RDWR, 3);
        builder.fileLock(new FileLock(0, CheckpointLayout.LOCK_FLOCK, true, 0, 0));
        assertThat(kinds()).containsExactly("OPEN 3", "LOCK 3");
        policies = policies.without(LaunchPolicies.Weaker.FILE_LOCK);
        assertThat(kinds()).containsExactly("OPEN 3");
    }

    @Test
    void unknownDescriptor_isRefusedWithThoseThatThereAre() {
        open(FileKind.EVENTFD, O_RDWR, 5, 7);
        decide(6, REOPEN);
        assertThatThrownBy(this::plan)
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("--fd 6=reopen:/else/where")
                .hasMessageEndingWith("it has 5 7");
    }

    private static FileOp needed(int fd) {
        return FileOp.of(FileOp.Kind.INHERIT, fd, O_RDWR, true, FileOp.number(ImageLayout.INHERIT_NEEDED));
    }

    private static FileOp opening(int fd, int flags, int kind, NativeText path) {
        return FileOp.of(FileOp.Kind.OPEN, fd, flags, true, FileOp.number(kind), FileOp.number(1)).withPath(path);
    }

    private void decide(int fd, DescriptorPolicy policy) {
        policies = policies.withDescriptor(fd, policy);
    }

    private void open(FileKind kind, int openFlags, int... descriptors) {
        builder.openFile(file(kind, openFlags, REGULAR_MODE));
        for (int descriptor : descriptors) {
            builder.descriptor(new Descriptor(descriptor, files, true));
        }
        files++;
    }

    private static OpenFile file(FileKind kind, int openFlags, int mode) {
        return new OpenFile(
                kind,
                0,
                openFlags,
                mode,
                kind == FileKind.REGULAR ? 12 : 0,
                77,
                8,
                1,
                0,
                0,
                100,
                0,
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
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        OpenFiles openFiles = new OpenFiles(checkpoint, policies);
        DataArea data = new DataArea();
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        return new FilePlanner(checkpoint, data, openFiles, memoryFiles, policies)
                .plan().stream()
                        .filter(op -> op.kind() != FileOp.Kind.CLOSE || op.fd() > OpenFiles.LAST_STANDARD)
                        .toList();
    }

    private List<String> kinds() throws Exception {
        return plan().stream().map(op -> op.kind() + " " + op.fd()).toList();
    }
}
