// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.ImageLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/** Checks how the records of a checkpoint fit together, so that nobody behind the reader has to ask again. */
final class CrossChecks {

    private final Checkpoint checkpoint;
    private final Faults faults;

    CrossChecks(Checkpoint checkpoint, Faults faults) {
        this.checkpoint = checkpoint;
        this.faults = faults;
    }

    void check() throws CheckpointException {
        checkThreads();
        checkIdentity();
        checkMappings();
        checkLaunchRecord();
        checkSegments();
        checkStoredPieces();
        checkDescriptors();
        checkOpenFiles();
        checkSockets();
        checkEpollItems();
        checkWatches();
        checkFileLocks();
        checkFileOwners();
        checkTerminals();
        checkSignals();
        checkTimers();
        checkInputs();
    }

    private void checkInputs() throws CheckpointException {
        NativeText last = NativeText.EMPTY;
        for (Input input : checkpoint.inputs()) {
            boolean inOrder = Arrays.compareUnsigned(last.bytes(), input.path().bytes()) < 0;
            require(inOrder, "input " + input.path() + " is there twice or out of order");
            last = input.path();
        }
    }

    private void checkThreads() throws CheckpointException {
        List<CheckpointThread> threads = checkpoint.threads();
        require(!threads.isEmpty(), "there is no thread");
        ProcessIds ids = checkpoint.process().ids();
        require(threads.get(0).tid() == ids.pid(), "the first thread is not the leader " + ids.pid());
        require(threads.get(0).ownTid() == ids.ownPid(), "the leader's own id is not the process's " + ids.ownPid());
        Set<Integer> tids = new HashSet<>();
        Set<Integer> ownTids = new HashSet<>();
        for (CheckpointThread thread : threads) {
            boolean unique = tids.add(thread.tid()) && ownTids.add(thread.ownTid());
            require(unique, "thread " + thread.tid() + " is there twice");
        }
    }

    private void checkIdentity() throws CheckpointException {
        Identity identity = checkpoint.identity();
        int rights = identity.threads().size();
        require(
                rights == 0 || rights == checkpoint.threads().size(),
                rights + " rights of " + checkpoint.threads().size() + " threads");
        long free = 0;
        for (BoundMemory bound : identity.boundMemory()) {
            require(bound.range().start() >= free, "memory policy at " + bound.range() + " overlaps another or is out of order");
            free = bound.range().end();
        }
    }

    private void checkMappings() throws CheckpointException {
        long free = 0;
        for (Mapping mapping : checkpoint.mappings()) {
            require(mapping.range().start() >= free, "mapping " + mapping.range() + " overlaps another or is out of order");
            free = mapping.range().end();
            if (mapping.hasMemoryFile()) {
                checkView(mapping);
            }
        }
    }

    /** Checks that a launch can write its record: into memory that is the program's own. */
    private void checkLaunchRecord() throws CheckpointException {
        long record = checkpoint.process().launchRecord();
        if (record == 0) {
            return;
        }
        String what = "launch record at " + ByteRange.format(record);
        boolean possible = record > 0 && record % Long.BYTES == 0 && record < Checks.ADDRESS_LIMIT - ImageLayout.LaunchRecord.SIZE_BYTES;
        require(possible, what + " is no address of one");
        long covered = record;
        for (Mapping mapping : checkpoint.mappings()) {
            if (mapping.range().contains(covered) && !mapping.isShared() && (mapping.protection() & Mapping.WRITE) != 0) {
                covered = mapping.range().end();
            }
        }
        require(covered >= record + ImageLayout.LaunchRecord.SIZE_BYTES, what + " is not in writable memory of the program's own");
    }

    /** Checks that a mapping of a memory file has extents only for what is its own. */
    private void checkView(Mapping mapping) throws CheckpointException {
        require(
                mapping.memoryFile() < checkpoint.memoryFiles().size(),
                "mapping " + mapping.range() + " refers to memory file " + mapping.memoryFile());
        for (Extent extent : mapping.extents()) {
            boolean own = extent.kind() == ExtentKind.GUARD
                    || (extent.kind() == ExtentKind.PRIVATE && mapping.kind() == MappingKind.PRIVATE_FILE);
            require(own, "mapping " + mapping.range() + " has bytes that belong to its memory file");
        }
    }

    /** Checks that segments are memory files, each for itself, and that nobody else has them open or mapped privately. */
    private void checkSegments() throws CheckpointException {
        int free = 0;
        Set<Integer> segments = new HashSet<>();
        for (Segment segment : checkpoint.segments()) {
            boolean valid = segment.memoryFile() >= free
                    && segment.memoryFile() < checkpoint.memoryFiles().size();
            require(valid, "segment " + segment.id() + " refers to memory file " + segment.memoryFile());
            free = segment.memoryFile() + 1;
            segments.add(segment.memoryFile());
            long pages = (segment.sizeBytes() + Checks.PAGE_SIZE - 1) / Checks.PAGE_SIZE * Checks.PAGE_SIZE;
            require(
                    checkpoint.memoryFiles().get(segment.memoryFile()).sizeBytes() <= pages,
                    "segment " + segment.id() + " is smaller than what it holds");
        }
        for (OpenFile file : checkpoint.openFiles()) {
            require(
                    file.kind() != FileKind.MEMFD || !segments.contains(file.object()),
                    "open file " + file.path() + " refers to a segment");
        }
        for (Mapping mapping : checkpoint.mappings()) {
            require(
                    mapping.kind() == MappingKind.SHARED_FILE
                            || !mapping.hasMemoryFile()
                            || !segments.contains(mapping.memoryFile()),
                    "mapping " + mapping.range() + " shows a segment privately");
        }
    }

    /**
     * Checks that stored bytes lie in the data area and are stored for one purpose only: else a small file could describe an
     * image of any size. Shared memory is the exception, since one object may be mapped at several places: there the same
     * piece may be named again.
     */
    private void checkStoredPieces() throws CheckpointException {
        Overlaps pieces = new Overlaps();
        Set<ByteRange> sharedPieces = new HashSet<>();
        for (Mapping mapping : checkpoint.mappings()) {
            for (Extent extent : mapping.extents()) {
                if (!extent.hasBytes()) {
                    continue;
                }
                requireInData(extent.fileOffset(), extent.lengthBytes(), "extent at " + ByteRange.format(extent.address()));
                if (!mapping.isShared() || sharedPieces.add(extent.fileRange())) {
                    pieces.add(extent.fileRange());
                }
            }
        }
        for (OpenFile file : checkpoint.openFiles()) {
            requireInData(file.dataOffset(), file.dataSize(), "deleted file " + file.path());
            pieces.add(ByteRange.ofLength(file.dataOffset(), file.dataSize()));
        }
        for (MemoryFile file : checkpoint.memoryFiles()) {
            for (FileExtent extent : file.extents()) {
                requireInData(extent.fileOffset(), extent.lengthBytes(), "memory file " + file.name());
                pieces.add(extent.fileRange());
            }
        }
        for (PipeState pipe : checkpoint.pipes()) {
            requireInData(pipe.dataOffset(), pipe.dataSize(), "pipe " + pipe.inode());
            pieces.add(ByteRange.ofLength(pipe.dataOffset(), pipe.dataSize()));
        }
        for (SocketState socket : checkpoint.sockets()) {
            requireInData(socket.dataOffset(), socket.dataSize(), "socket " + socket.inode());
            pieces.add(ByteRange.ofLength(socket.dataOffset(), socket.dataSize()));
        }
        require(!pieces.exist(), "the same stored bytes are used twice");
    }

    private void checkDescriptors() throws CheckpointException {
        int free = 0;
        for (Descriptor descriptor : checkpoint.descriptors()) {
            require(descriptor.fd() >= free, "descriptor " + descriptor.fd() + " is there twice or out of order");
            require(
                    descriptor.openFile() < checkpoint.openFiles().size(),
                    "descriptor " + descriptor.fd() + " refers to open file " + descriptor.openFile());
            // The largest number has no successor, and nothing may follow it.
            free = descriptor.fd() == Integer.MAX_VALUE ? Integer.MAX_VALUE : descriptor.fd() + 1;
        }
    }

    private void checkOpenFiles() throws CheckpointException {
        for (OpenFile file : checkpoint.openFiles()) {
            boolean needsPipe = (file.kind() == FileKind.PIPE && !file.isOutside()) || file.kind() == FileKind.FIFO;
            boolean refersToPipe = file.object() < checkpoint.pipes().size();
            require(!needsPipe || refersToPipe, "open file " + file.path() + " refers to pipe " + file.object());
            boolean needsMemory = file.kind() == FileKind.MEMFD;
            boolean refersToMemory = file.object() < checkpoint.memoryFiles().size();
            require(!needsMemory || refersToMemory, "open file " + file.path() + " refers to memory file " + file.object());
            boolean needsSocket = file.kind() == FileKind.SOCKET;
            boolean refersToSocket = file.object() < checkpoint.sockets().size();
            require(!needsSocket || refersToSocket, "open file " + file.path() + " refers to socket " + file.object());
            require(
                    needsPipe || needsMemory || needsSocket || file.object() == 0,
                    "open file " + file.path() + " is no pipe of the process but refers to one");
        }
    }

    /** Checks that each socket has one open file, and that pairs are pairs. */
    private void checkSockets() throws CheckpointException {
        Set<Integer> owned = new HashSet<>();
        for (OpenFile file : checkpoint.openFiles()) {
            require(
                    file.kind() != FileKind.SOCKET || owned.add(file.object()),
                    "socket " + file.object() + " belongs to two open files");
        }
        for (int index = 0; index < checkpoint.sockets().size(); index++) {
            SocketState socket = checkpoint.sockets().get(index);
            require(owned.contains(index), "socket " + index + " belongs to no open file");
            if (socket.kind() != SocketKind.PAIRED) {
                require(socket.peer() == 0, "socket " + index + " is no pair but has another end");
                continue;
            }
            boolean mutual = socket.peer() != index
                    && socket.peer() < checkpoint.sockets().size()
                    && isOtherEnd(checkpoint.sockets().get(socket.peer()), index, socket);
            require(mutual, "socket " + index + " is not the other end of socket " + socket.peer());
        }
    }

    private static boolean isOtherEnd(SocketState candidate, int index, SocketState socket) {
        return candidate.kind() == SocketKind.PAIRED && candidate.peer() == index && candidate.type() == socket.type();
    }

    private void checkEpollItems() throws CheckpointException {
        for (EpollItem item : checkpoint.epollItems()) {
            boolean valid = item.openFile() < checkpoint.openFiles().size()
                    && checkpoint.openFiles().get(item.openFile()).kind() == FileKind.EPOLL;
            require(valid, "epoll item of descriptor " + item.fd() + " refers to open file " + item.openFile());
        }
    }

    private void checkWatches() throws CheckpointException {
        Set<List<Integer>> numbers = new HashSet<>();
        for (Watch watch : checkpoint.watches()) {
            boolean valid = watch.openFile() < checkpoint.openFiles().size()
                    && checkpoint.openFiles().get(watch.openFile()).kind() == FileKind.INOTIFY;
            require(valid, "watch " + watch.number() + " refers to open file " + watch.openFile());
            require(
                    numbers.add(List.of(watch.openFile(), watch.number())),
                    "watch " + watch.number() + " of open file " + watch.openFile() + " is there twice");
        }
    }

    private void checkFileLocks() throws CheckpointException {
        for (FileLock lock : checkpoint.fileLocks()) {
            require(
                    lock.openFile() < checkpoint.openFiles().size(),
                    "a lock refers to open file " + lock.openFile() + ", which is not there");
        }
    }

    private void checkFileOwners() throws CheckpointException {
        Set<Integer> tids = new HashSet<>();
        checkpoint.threads().forEach(thread -> tids.add(thread.ownTid()));
        Set<Integer> owned = new HashSet<>();
        for (FileOwner owner : checkpoint.fileOwners()) {
            boolean valid = owner.openFile() < checkpoint.openFiles().size() && owned.add(owner.openFile());
            require(valid, "an owner refers to open file " + owner.openFile() + ", which is not there or has another one");
            require(
                    owner.tid().isEmpty() || tids.contains(owner.tid().getAsInt()),
                    "open file " + owner.openFile() + " belongs to a thread that is not there");
        }
    }

    private void checkTerminals() throws CheckpointException {
        Set<Integer> seen = new HashSet<>();
        for (Terminal terminal : checkpoint.terminals()) {
            int index = terminal.openFile();
            require(
                    index < checkpoint.openFiles().size()
                            && checkpoint.openFiles().get(index).kind() == FileKind.TERMINAL
                            && seen.add(index),
                    "the modes of a terminal refer to open file " + index + ", which is none or has modes already");
        }
    }

    private void checkSignals() throws CheckpointException {
        Set<Integer> signals = new HashSet<>();
        for (SignalAction action : checkpoint.actions()) {
            require(signals.add(action.signal()), "signal " + action.signal() + " has two actions");
        }
        Set<Integer> targets = new HashSet<>(Set.of(0));
        checkpoint.threads().forEach(thread -> targets.add(thread.ownTid()));
        for (PendingSignal signal : checkpoint.pending()) {
            require(
                    targets.contains(signal.ownTid()),
                    "a signal is pending for thread " + signal.ownTid() + ", which is not there");
        }
    }

    private void checkTimers() throws CheckpointException {
        Set<Integer> tids = new HashSet<>();
        checkpoint.threads().forEach(thread -> tids.add(thread.ownTid()));
        long free = 0;
        for (PosixTimer timer : checkpoint.posixTimers()) {
            require(timer.id() >= free, "POSIX timer " + timer.id() + " is there twice or out of order");
            free = timer.id() + 1L;
            for (OptionalInt tid : List.of(timer.tid(), timer.clockTid())) {
                require(
                        tid.isEmpty() || tids.contains(tid.getAsInt()),
                        "POSIX timer " + timer.id() + " names a thread that is not there");
            }
        }
    }

    private void requireInData(long offset, long size, String what) throws CheckpointException {
        if (size == 0) {
            return;
        }
        ByteRange data = checkpoint.header().data();
        boolean inside = offset >= data.start() && offset <= data.end() && size <= data.end() - offset;
        require(inside, "the bytes of " + what + " are outside the data area");
    }

    private void require(boolean valid, String found) throws CheckpointException {
        if (!valid) {
            throw faults.damaged(checkpoint.header().index().start(), found);
        }
    }
}
