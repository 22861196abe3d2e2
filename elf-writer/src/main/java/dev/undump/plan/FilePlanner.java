// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plans the descriptor table: first the launch's own standard descriptors, then each open file description once, by its
 * lowest descriptor, then the duplicates, then what needs everything open: listening, bytes in pipes, watches of inotify and epoll, and locks.
 */
final class FilePlanner {

    private static final int FORMAT_MASK = 0170000;
    /** Of a pipe that nobody has given another. */
    private static final int USUAL_CAPACITY = 65536;

    private final Checkpoint checkpoint;
    private final PipePlanner pipes;
    private final SocketPlanner sockets;
    private final DataArea data;
    private final MemoryFilePlanner memoryFiles;
    private final OpenFiles openFiles;
    private final List<FileOp> inherits = new ArrayList<>();
    private final List<FileOp> creations = new ArrayList<>();
    private final List<FileOp> duplicates = new ArrayList<>();
    private final List<FileOp> pipeData = new ArrayList<>();
    private final LaunchPolicies policies;
    private final Map<Map.Entry<Long, Long>, Integer> deletedFiles = new HashMap<>();
    private final Set<Integer> fifosWithBytes = new HashSet<>();

    FilePlanner(
            Checkpoint checkpoint,
            DataArea data,
            OpenFiles openFiles,
            MemoryFilePlanner memoryFiles,
            LaunchPolicies policies) {
        this.checkpoint = checkpoint;
        this.data = data;
        this.openFiles = openFiles;
        this.memoryFiles = memoryFiles;
        this.pipes = new PipePlanner(checkpoint, openFiles.byIndex(), data);
        this.sockets = new SocketPlanner(checkpoint, openFiles, data, policies.ports());
        this.policies = policies;
    }

    List<FileOp> plan() throws PlanException {
        PolicyPlanner decided = PolicyPlanner.plan(checkpoint, openFiles);
        inherits.addAll(decided.inherits());
        creations.addAll(memoryFiles.steps());
        for (Descriptor descriptor : openFiles.descriptors()) {
            List<Descriptor> sharing = openFiles.sharing(descriptor.openFile());
            if (sharing.get(0).equals(descriptor)) {
                openFile(checkpoint.openFile(descriptor), sharing);
            }
        }
        sockets.refuseUnusedPorts();
        closedStandards();
        WatchPlanner watches = WatchPlanner.plan(checkpoint, openFiles);
        FileMarks marks = new FileMarks(checkpoint, openFiles, policies);
        List<FileOp> all = new ArrayList<>();
        for (List<FileOp> phase : List.of(
                inherits,
                decided.openings(),
                creations,
                sockets.creations(),
                duplicates,
                sockets.connections(),
                pipeData,
                watches.inotify(),
                watches.spentItems(),
                watches.items(),
                semaphores(),
                marks.locks(),
                marks.owners(),
                new TerminalPlanner(checkpoint, openFiles).steps())) {
            all.addAll(phase);
        }
        return List.copyOf(all);
    }

    /** What the program had closed is closed, else its next open would not get that number. */
    private void closedStandards() {
        for (int fd = 0; fd <= OpenFiles.LAST_STANDARD; fd++) {
            int number = fd;
            if (checkpoint.descriptors().stream().noneMatch(descriptor -> descriptor.fd() == number)) {
                inherits.add(FileOp.of(FileOp.Kind.CLOSE, number, 0, false));
            }
        }
    }

    /** Plans one open file description and all its descriptors, of which the first is the lowest. */
    private void openFile(OpenFile file, List<Descriptor> sharing) throws PlanException {
        Descriptor first = sharing.get(0);
        if (openFiles.comesFromOutside(first.openFile())) {
            for (Descriptor descriptor : sharing) {
                if (descriptor.fd() <= OpenFiles.LAST_STANDARD || first.fd() > OpenFiles.LAST_STANDARD) {
                    inherits.add(inherit(file, descriptor));
                } else {
                    duplicates.add(duplicate(descriptor, first));
                }
            }
            return;
        }
        if (file.kind() == FileKind.PIPE) {
            pipes.plan(file, creations, pipeData);
        } else if (file.kind() == FileKind.SOCKET) {
            sockets.plan(file);
        } else if (file.kind() != FileKind.MEMFD) {
            creations.add(creation(file, first));
        }
        for (Descriptor descriptor : sharing.subList(1, sharing.size())) {
            duplicates.add(duplicate(descriptor, first));
        }
    }

    /**
     * The launch's own descriptor. When it has none behind the standard ones, the program finds the other end of its pipe closed, and
     * nothing else gets the number; there is no such end of a pipe that was open for both.
     */
    private static FileOp inherit(OpenFile file, Descriptor at) {
        boolean leadsOut = file.kind() == FileKind.PIPE || file.kind() == FileKind.OUTSIDE;
        boolean standard = at.fd() <= OpenFiles.LAST_STANDARD;
        int otherwise = file.accessMode() <= 1 ? ImageLayout.INHERIT_PIPE : ImageLayout.INHERIT_NEEDED;
        return FileOp.of(
                FileOp.Kind.INHERIT,
                at.fd(),
                leadsOut ? file.openFlags() & OpenFiles.REOPEN_FLAGS : 0,
                at.closeOnExec(),
                number(standard ? ImageLayout.INHERIT_ANY : otherwise));
    }

    private FileOp creation(OpenFile file, Descriptor at) throws PlanException {
        int flags = file.openFlags() & OpenFiles.REOPEN_FLAGS;
        int fd = at.fd();
        boolean cloexec = at.closeOnExec();
        List<Long> values = file.values();
        return switch (file.kind()) {
            case REGULAR, DIRECTORY, DEVICE -> FileOp.of(
                            FileOp.Kind.OPEN, fd, flags, cloexec, number(file.mode() & FORMAT_MASK))
                    .withPath(file.path())
                    .withOffset(file.offset());
            case DELETED -> deleted(file, flags, at);
            case TERMINAL -> FileOp.of(FileOp.Kind.TERMINAL, fd, flags, cloexec);
            case EVENTFD -> FileOp.of(
                    FileOp.Kind.EVENTFD, fd, flags, cloexec, number(values.get(0)), number(values.get(1)));
            case EPOLL -> FileOp.of(FileOp.Kind.EPOLL, fd, flags, cloexec);
            case TIMERFD -> timer(file, flags, at);
            case INOTIFY -> FileOp.of(FileOp.Kind.INOTIFY, fd, flags, cloexec);
            case PIDFD -> FileOp.of(FileOp.Kind.PIDFD, fd, flags, cloexec);
            case QUEUE -> FileOp.of(FileOp.Kind.QUEUE, fd, flags, cloexec).withPath(file.path());
            case OWN_PROC -> FileOp.of(FileOp.Kind.OPEN, fd, flags, cloexec, number(file.mode() & FORMAT_MASK))
                    .withPath(file.path())
                    .withOffset(file.offset());
            case SIGNALFD -> FileOp.of(FileOp.Kind.SIGNALFD, fd, flags, cloexec, number(values.get(0)));
            case FIFO -> fifo(file, flags, at);
            case MEMFD, SOCKET -> throw new IllegalStateException("memory files and sockets are planned on their own");
            case PIPE, OUTSIDE -> throw new PlanException("descriptor " + fd + " (" + file.path()
                    + ") cannot be brought back: say what takes its place by --fd " + fd + "=inherit, reopen:PATH, null or close");
        };
    }

    /** Contents come back once per file: another opening of it is one of what took its place. */
    private FileOp deleted(OpenFile file, int flags, Descriptor at) {
        long device = (long) file.deviceMajor() << Integer.SIZE | file.deviceMinor();
        Integer first = deletedFiles.putIfAbsent(Map.entry(device, file.inode()), at.fd());
        FileOp step = first != null
                ? FileOp.of(FileOp.Kind.MEMFD_OPEN, at.fd(), flags, at.closeOnExec(), number(first))
                : FileOp.of(FileOp.Kind.DELETED, at.fd(), flags, at.closeOnExec(), stored(file), number(file.dataSize()))
                        .withPath(file.path());
        return step.withOffset(file.offset());
    }

    /** The bytes that waited in it come with the first opening. */
    private FileOp fifo(OpenFile file, int flags, Descriptor at) {
        PipeState pipe = checkpoint.pipes().get(file.object());
        boolean filled = fifosWithBytes.add(file.object()) && pipe.dataSize() > 0;
        return FileOp.of(
                        FileOp.Kind.FIFO,
                        at.fd(),
                        flags,
                        at.closeOnExec(),
                        PlanOffset.ZERO,
                        filled
                                ? new PlanOffset.InData(data.append(pipe.dataOffset(), pipe.dataSize()))
                                : PlanOffset.ZERO,
                        number(filled ? pipe.dataSize() : 0),
                        number(pipe.capacity() == USUAL_CAPACITY ? 0 : pipe.capacity()))
                .withPath(file.path());
    }

    /** One that is set to a moment of the wall clock keeps the moment, others keep what remained. */
    private static FileOp timer(OpenFile file, int flags, Descriptor at) {
        List<Long> values = file.values();
        boolean moment = file.offset() != 0;
        return FileOp.of(
                        moment ? FileOp.Kind.TIMERFD_AT : FileOp.Kind.TIMERFD,
                        at.fd(),
                        flags,
                        at.closeOnExec(),
                        number(values.get(0)),
                        number(values.get(1)),
                        number(moment ? file.offset() : values.get(2)),
                        number(values.get(3)))
                .withOffset(file.valueExtra());
    }

    private PlanOffset stored(OpenFile file) {
        return file.dataSize() == 0
                ? PlanOffset.ZERO
                : new PlanOffset.InData(data.append(file.dataOffset(), file.dataSize()));
    }

    private static FileOp duplicate(Descriptor descriptor, Descriptor of) {
        return FileOp.of(FileOp.Kind.DUPLICATE, descriptor.fd(), 0, descriptor.closeOnExec(), number(of.fd()));
    }

    private List<FileOp> semaphores() {
        return checkpoint.semaphores().stream()
                .map(one -> FileOp.of(
                                FileOp.Kind.SEMAPHORE,
                                0,
                                one.ipcNamespace(),
                                false,
                                number(MemoryFilePlanner.pair(one.set(), one.key())),
                                number(Integer.toUnsignedLong(one.adjustment())),
                                number(MemoryFilePlanner.pair(one.count(), one.creatorUid())),
                                number(one.changedSeconds()))
                        .withPath(one.boot())
                        .withOffset(one.number()))
                .toList();
    }
}
