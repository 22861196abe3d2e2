// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.OpenFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Plans the descriptor table: first the launch's own standard descriptors, then each open file description once, by its
 * lowest descriptor, then the duplicates, then what needs everything open: bytes in pipes, and epoll's watches.
 */
final class FilePlanner {

    /** What open(2) is given again: not what concerned the moment of opening (O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC). */
    private static final int REOPEN_FLAGS = 03 | 02000 | 04000 | 010000 | 020000 | 040000 | 0100000 | 0200000 | 0400000
            | 01000000 | 04000000 | 010000000;

    private static final int FORMAT_MASK = 0170000;
    private static final int LAST_STANDARD = 2;

    private final Checkpoint checkpoint;
    private final PipePlanner pipes;
    private final DataArea data;
    private final boolean reopenStandardFiles;
    private final TreeMap<Integer, List<Descriptor>> byOpenFile = new TreeMap<>();
    private final List<FileOp> inherits = new ArrayList<>();
    private final List<FileOp> creations = new ArrayList<>();
    private final List<FileOp> duplicates = new ArrayList<>();
    private final List<FileOp> pipeData = new ArrayList<>();
    private final List<FileOp> watches = new ArrayList<>();

    FilePlanner(Checkpoint checkpoint, DataArea data, boolean reopenStandardFiles) {
        this.checkpoint = checkpoint;
        this.data = data;
        this.reopenStandardFiles = reopenStandardFiles;
        for (Descriptor descriptor : checkpoint.descriptors()) {
            byOpenFile.computeIfAbsent(descriptor.openFile(), unused -> new ArrayList<>()).add(descriptor);
        }
        this.pipes = new PipePlanner(checkpoint, byOpenFile, data);
    }

    List<FileOp> plan() throws PlanException {
        refuseDoubleDeleted();
        for (Descriptor descriptor : checkpoint.descriptors()) {
            List<Descriptor> sharing = byOpenFile.get(descriptor.openFile());
            if (sharing.get(0).equals(descriptor)) {
                openFile(checkpoint.openFile(descriptor), sharing);
            }
        }
        closedStandards();
        watches();
        List<FileOp> all = new ArrayList<>();
        for (List<FileOp> phase : List.of(inherits, creations, duplicates, pipeData, watches)) {
            all.addAll(phase);
        }
        return List.copyOf(all);
    }

    /** What the program had closed is closed, else its next open would not get that number. */
    private void closedStandards() {
        for (int fd = 0; fd <= LAST_STANDARD; fd++) {
            int number = fd;
            if (checkpoint.descriptors().stream().noneMatch(descriptor -> descriptor.fd() == number)) {
                inherits.add(FileOp.of(FileOp.Kind.CLOSE, number, 0, false));
            }
        }
    }

    /** Plans one open file description and all its descriptors, of which the first is the lowest. */
    private void openFile(OpenFile file, List<Descriptor> sharing) throws PlanException {
        Descriptor first = sharing.get(0);
        if (comesFromOutside(file, sharing)) {
            for (Descriptor descriptor : sharing) {
                if (descriptor.fd() <= LAST_STANDARD || first.fd() > LAST_STANDARD) {
                    inherits.add(FileOp.of(FileOp.Kind.INHERIT, descriptor.fd(), 0, descriptor.closeOnExec()));
                } else {
                    duplicates.add(duplicate(descriptor, first));
                }
            }
            return;
        }
        if (file.kind() == FileKind.PIPE) {
            pipes.plan(file, creations, pipeData);
        } else {
            creations.add(creation(file, first));
        }
        for (Descriptor descriptor : sharing.subList(1, sharing.size())) {
            duplicates.add(duplicate(descriptor, first));
        }
    }

    /**
     * Whether descriptors are the launch's own. The terminal, and whatever leads out of the process at 0, 1 or 2, always; files
     * when they were inherited, which is known under ckpt, and otherwise assumed unless the program has another descriptor of
     * the same description: then it made the standard one itself by dup2.
     */
    private boolean comesFromOutside(OpenFile file, List<Descriptor> sharing) {
        boolean standard = sharing.get(0).fd() <= LAST_STANDARD;
        boolean alsoElsewhere = sharing.get(sharing.size() - 1).fd() > LAST_STANDARD;
        boolean inherited =
                checkpoint.process().launchedByCkpt() ? file.isInherited() : !alsoElsewhere && !reopenStandardFiles;
        return switch (file.kind()) {
            case TERMINAL, OUTSIDE -> standard;
            case PIPE -> file.isOutside();
            case REGULAR, DELETED, DEVICE, DIRECTORY -> standard && inherited;
            case EVENTFD, EPOLL, TIMERFD, SIGNALFD -> false;
        };
    }

    private FileOp creation(OpenFile file, Descriptor at) throws PlanException {
        int flags = file.openFlags() & REOPEN_FLAGS;
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
            case TIMERFD -> FileOp.of(
                            FileOp.Kind.TIMERFD,
                            fd,
                            flags,
                            cloexec,
                            number(values.get(0)),
                            number(values.get(1)),
                            number(values.get(2)),
                            number(values.get(3)))
                    .withOffset(file.valueExtra());
            case SIGNALFD -> FileOp.of(FileOp.Kind.SIGNALFD, fd, flags, cloexec, number(values.get(0)));
            case PIPE, OUTSIDE -> throw new PlanException("descriptor " + fd + " (" + file.path()
                    + ") leads out of the program and is not stdin, stdout or stderr: close it before the capture");
        };
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
            List<Descriptor> instance = byOpenFile.get(item.openFile());
            if (instance == null) {
                throw new PlanException("an epoll instance that watches descriptor " + item.fd() + " has no descriptor itself");
            }
            watches.add(FileOp.of(
                    FileOp.Kind.EPOLL_ADD,
                    instance.get(0).fd(),
                    0,
                    false,
                    number(item.fd()),
                    number(Integer.toUnsignedLong(item.events())),
                    number(item.data())));
        }
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
