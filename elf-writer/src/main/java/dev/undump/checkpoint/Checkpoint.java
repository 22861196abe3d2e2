// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.file.Path;
import java.util.List;

/**
 * A captured process. All references by index are valid; lists keep the order of the file.
 *
 * @param file where the bytes of extents, deleted files and pipes are; for a summary taken from an image, the image
 * @param threads the leader first, then by thread id
 * @param identity what the threads may do
 * @param mappings by address, not overlapping
 * @param descriptors by number
 * @param openFiles what descriptors refer to by index
 * @param pipes what open files refer to by index
 * @param memoryFiles what open files and mappings refer to by index
 * @param segments which memory files are System V shared memory, by memory file
 * @param semaphores System V semaphores that the program had taken with SEM_UNDO
 * @param sockets what open files refer to by index
 * @param watches of inotify instances
 * @param fileLocks locks that the program held
 * @param fileOwners who gets the signals of descriptions
 * @param terminals that open files refer to
 * @param actions signals whose action is not the default
 * @param pending in queue order
 * @param posixTimers by id
 * @param auxv as the program got it
 * @param cpuid what the capturing machine answered
 * @param allowances the {@code --allow} words that this capture needed
 * @param inputs files whose state the program has seen, by path, each path once
 */
public record Checkpoint(
        Path file,
        CheckpointHeader header,
        CheckpointProcess process,
        List<CheckpointThread> threads,
        Identity identity,
        List<Mapping> mappings,
        List<Descriptor> descriptors,
        List<OpenFile> openFiles,
        List<PipeState> pipes,
        List<MemoryFile> memoryFiles,
        List<Segment> segments,
        List<Semaphore> semaphores,
        List<SocketState> sockets,
        List<EpollItem> epollItems,
        List<Watch> watches,
        List<FileLock> fileLocks,
        List<FileOwner> fileOwners,
        List<Terminal> terminals,
        List<SignalAction> actions,
        List<PendingSignal> pending,
        List<PosixTimer> posixTimers,
        List<AuxiliaryEntry> auxv,
        Cpu cpu,
        List<CpuidLeaf> cpuid,
        List<NativeText> allowances,
        List<Input> inputs) {

    public Checkpoint {
        threads = List.copyOf(threads);
        mappings = List.copyOf(mappings);
        descriptors = List.copyOf(descriptors);
        openFiles = List.copyOf(openFiles);
        pipes = List.copyOf(pipes);
        memoryFiles = List.copyOf(memoryFiles);
        segments = List.copyOf(segments);
        semaphores = List.copyOf(semaphores);
        sockets = List.copyOf(sockets);
        epollItems = List.copyOf(epollItems);
        watches = List.copyOf(watches);
        fileLocks = List.copyOf(fileLocks);
        fileOwners = List.copyOf(fileOwners);
        terminals = List.copyOf(terminals);
        actions = List.copyOf(actions);
        pending = List.copyOf(pending);
        posixTimers = List.copyOf(posixTimers);
        auxv = List.copyOf(auxv);
        cpuid = List.copyOf(cpuid);
        allowances = List.copyOf(allowances);
        inputs = List.copyOf(inputs);
    }

    /** Returns the thread group leader. */
    public CheckpointThread leader() {
        return threads.get(0);
    }

    /** Returns what a descriptor refers to. */
    public OpenFile openFile(Descriptor descriptor) {
        return openFiles.get(descriptor.openFile());
    }
}
