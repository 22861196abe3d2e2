// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.FileLock;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.Watch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Plans the descriptor table: first the launch's own standard descriptors, then each open file description once, by its
 * lowest descriptor, then the duplicates, then what needs everything open: listening, bytes in pipes, watches of inotify and epoll, and locks.
 */
final class FilePlanner {

    private static final int FORMAT_MASK = 0170000;
    private static final int O_NONBLOCK = 04000;
    private static final int EPOLLONESHOT = 1 << 30;
    /** What an item waits for; the bits above say how. */
    private static final int EPOLL_EVENTS = 0xffff;

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
    private final List<FileOp> spentItems = new ArrayList<>();
    private final List<FileOp> watches = new ArrayList<>();

    /**
     * @param ports which port a socket gets instead of its own
     */
    FilePlanner(
            Checkpoint checkpoint,
            DataArea data,
            OpenFiles openFiles,
            MemoryFilePlanner memoryFiles,
            Map<Integer, Integer> ports) {
        this.checkpoint = checkpoint;
        this.data = data;
        this.openFiles = openFiles;
        this.memoryFiles = memoryFiles;
        this.pipes = new PipePlanner(checkpoint, openFiles.byIndex(), data);
        this.sockets = new SocketPlanner(checkpoint, openFiles, data, ports);
    }

    List<FileOp> plan() throws PlanException {
        refuseDoubleDeleted();
        creations.addAll(memoryFiles.steps());
        for (Descriptor descriptor : checkpoint.descriptors()) {
            List<Descriptor> sharing = openFiles.sharing(descriptor.openFile());
            if (sharing.get(0).equals(descriptor)) {
                openFile(checkpoint.openFile(descriptor), sharing);
            }
        }
        sockets.refuseUnusedPorts();
        closedStandards();
        watches();
        List<FileOp> all = new ArrayList<>();
        for (List<FileOp> phase : List.of(
                inherits,
                creations,
                sockets.creations(),
                duplicates,
                sockets.connections(),
                pipeData,
                inotifyWatches(),
                spentItems,
                watches,
                locks(),
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
                    inherits.add(FileOp.of(
                            FileOp.Kind.INHERIT,
                            descriptor.fd(),
                            file.openFlags() & O_NONBLOCK,
                            descriptor.closeOnExec()));
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
            case DELETED -> FileOp.of(FileOp.Kind.DELETED, fd, flags, cloexec, stored(file), number(file.dataSize()))
                    .withPath(file.path())
                    .withOffset(file.offset());
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
            case MEMFD, SOCKET -> throw new IllegalStateException("memory files and sockets are planned on their own");
            case PIPE, OUTSIDE -> throw new PlanException("descriptor " + fd + " (" + file.path()
                    + ") leads out of the program and is not stdin, stdout or stderr: close it before the capture");
        };
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

    private void watches() throws PlanException {
        for (EpollItem item : checkpoint.epollItems()) {
            List<Descriptor> instance = openFiles.sharing(item.openFile());
            if (instance.isEmpty()) {
                throw new PlanException("an epoll instance that watches descriptor " + item.fd() + " has no descriptor itself");
            }
            boolean spent = (item.events() & EPOLLONESHOT) != 0 && (item.events() & EPOLL_EVENTS) == 0;
            (spent ? spentItems : watches)
                    .add(FileOp.of(
                            spent ? FileOp.Kind.EPOLL_SPENT : FileOp.Kind.EPOLL_ADD,
                            instance.get(0).fd(),
                            0,
                            false,
                            number(item.fd()),
                            number(Integer.toUnsignedLong(item.events())),
                            number(item.data()),
                            number(spent ? writerInto(item.fd()) + 1 : 0)));
        }
    }

    /** Returns the writing end of an empty pipe that a descriptor reads; -1 when it is something else, or closed. */
    private int writerInto(int fd) {
        Optional<OpenFile> reader = checkpoint.descriptors().stream()
                .filter(descriptor -> descriptor.fd() == fd)
                .map(checkpoint::openFile)
                .filter(file -> file.kind() == FileKind.PIPE && !file.isOutside() && file.accessMode() == 0)
                .filter(file -> checkpoint.pipes().get(file.object()).dataSize() == 0)
                .findFirst();
        return checkpoint.descriptors().stream()
                .filter(descriptor -> reader.isPresent() && isWriter(checkpoint.openFile(descriptor), reader.get()))
                .mapToInt(Descriptor::fd)
                .findFirst()
                .orElse(-1);
    }

    private static boolean isWriter(OpenFile file, OpenFile reader) {
        return file.kind() == FileKind.PIPE
                && !file.isOutside()
                && file.accessMode() != 0
                && file.object() == reader.object();
    }

    /** Watches of inotify: all get their numbers, by which the kernel counts up, before any of an instance reports. */
    private List<FileOp> inotifyWatches() {
        List<Watch> inOrder = new ArrayList<>(checkpoint.watches());
        inOrder.sort(Comparator.comparingInt(Watch::openFile).thenComparingInt(Watch::number));
        List<FileOp> numbers = new ArrayList<>();
        List<FileOp> masks = new ArrayList<>();
        for (Watch watch : inOrder) {
            List<Descriptor> instance = openFiles.sharing(watch.openFile());
            if (!instance.isEmpty()) {
                int fd = instance.get(0).fd();
                PlanOffset watchNumber = number(watch.number());
                numbers.add(FileOp.of(FileOp.Kind.WATCH, fd, 0, false, watchNumber).withPath(watch.path()));
                masks.add(FileOp.of(
                                FileOp.Kind.WATCH_MASK,
                                fd,
                                0,
                                false,
                                watchNumber,
                                number(Integer.toUnsignedLong(watch.mask())))
                        .withPath(watch.path()));
            }
        }
        numbers.addAll(masks);
        return numbers;
    }

    /** Locks of files that the launch opens for the program; the launch's own files are not the program's to lock. */
    private List<FileOp> locks() {
        List<FileOp> locks = new ArrayList<>();
        for (FileLock lock : checkpoint.fileLocks()) {
            List<Descriptor> sharing = openFiles.sharing(lock.openFile());
            if (!sharing.isEmpty() && !openFiles.comesFromOutside(lock.openFile())) {
                locks.add(FileOp.of(
                                FileOp.Kind.LOCK,
                                sharing.get(0).fd(),
                                0,
                                false,
                                number(lock.kind()),
                                number(lock.exclusive() ? 1 : 0),
                                number(lock.start()),
                                number(lock.length()))
                        .withPath(checkpoint.openFiles().get(lock.openFile()).path()));
            }
        }
        return locks;
    }

    /** Contents come back once per description, so two of one nameless file would no longer see each other's writes. */
    private void refuseDoubleDeleted() throws PlanException {
        Set<Map.Entry<Long, Long>> seen = new HashSet<>();
        for (OpenFile file : checkpoint.openFiles()) {
            long device = (long) file.deviceMajor() << Integer.SIZE | file.deviceMinor();
            if (file.kind() == FileKind.DELETED && !seen.add(Map.entry(device, file.inode()))) {
                throw new PlanException("the deleted file " + file.path() + " was opened more than once: its openings cannot be"
                        + " joined again; close all but one before the capture");
            }
        }
    }
}
