// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.OpenFile;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The table of files that the program shares with others by mappings, each once for each way of opening it.
 *
 * <p>A file that the program can write to has to be the same at launch, or a copy of what was mapped takes its place where the
 * user allows that. One that it only reads is mapped when it is the same; else the image has its bytes.
 */
final class MappedFiles {

    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 2;
    private static final long PAGE = 4096;

    /** What makes mappings views of one file. */
    private record Key(long inode, int deviceMajor, int deviceMinor) {
        static Key of(Mapping mapping) {
            return new Key(mapping.inode(), mapping.deviceMajor(), mapping.deviceMinor());
        }
    }

    private final Checkpoint checkpoint;
    private final MemoryFilePlanner memoryFiles;
    private final Map<MappedFile, Integer> indexes = new LinkedHashMap<>();
    private final Map<Key, Integer> copies = new HashMap<>();

    MappedFiles(Checkpoint checkpoint, MemoryFilePlanner memoryFiles) {
        this.checkpoint = checkpoint;
        this.memoryFiles = memoryFiles;
    }

    /** Returns whether the program can change the file, by this or another mapping or by a descriptor. */
    boolean isWritable(Mapping mapping) {
        return viewsOf(mapping).stream().anyMatch(view -> view.hasFlags(CheckpointLayout.VMA_MAY_WRITE))
                || checkpoint.openFiles().stream().anyMatch(file -> isWriterOf(file, mapping));
    }

    /** btrfs shows other device numbers for mappings than for descriptors. */
    private static boolean isWriterOf(OpenFile file, Mapping mapping) {
        return file.inode() == mapping.inode() && file.accessMode() != O_RDONLY && file.path().equals(mapping.name());
    }

    /** Returns whether a launch can tell that a file is this one. */
    static boolean isRecognisable(Mapping mapping) {
        return mapping.fileBirthNs() != 0;
    }

    /** Returns the index of a writable mapping's file, with the copy that may take its place. */
    int indexOf(Mapping mapping) throws PlanException {
        int instead = ImageLayout.INSTEAD_NOTHING;
        if (memoryFiles.copiesAllowed()) {
            instead = copyOf(mapping);
        }
        return index(mapping, instead);
    }

    /** Returns the index of a file that a launch maps over the image's bytes when it is there. */
    int indexOfRead(Mapping mapping) {
        return index(mapping, ImageLayout.INSTEAD_BYTES);
    }

    List<MappedFile> inOrder() {
        return List.copyOf(indexes.keySet());
    }

    private int index(Mapping mapping, int instead) {
        int openFlags = mapping.hasFlags(CheckpointLayout.VMA_MAY_WRITE) ? O_RDWR : O_RDONLY;
        MappedFile file = new MappedFile(
                mapping.name(), neededBytes(mapping), mapping.inode(), mapping.fileBirthNs(), openFlags, instead);
        return indexes.computeIfAbsent(file, unused -> indexes.size());
    }

    private int copyOf(Mapping mapping) throws PlanException {
        Integer copy = copies.get(Key.of(mapping));
        if (copy == null) {
            long size = mapping.fileSize() != 0 ? mapping.fileSize() : (neededBytes(mapping) + PAGE - 1) / PAGE * PAGE;
            // The copy is made when any of the file's entries is missed; which of them it names does not matter.
            copy = memoryFiles.copyOf(mapping.name(), size, ObjectContents.of(viewsOf(mapping)), indexes.size() + 1);
            copies.put(Key.of(mapping), copy);
        }
        return copy;
    }

    private List<Mapping> viewsOf(Mapping mapping) {
        return checkpoint.mappings().stream()
                .filter(view -> view.kind() == MappingKind.SHARED_FILE
                        && !view.hasMemoryFile()
                        && !view.hasFlags(CheckpointLayout.VMA_DELETED)
                        && Key.of(view).equals(Key.of(mapping)))
                .toList();
    }

    /** Bytes that the file must have so that what could be read can be read. */
    private long neededBytes(Mapping mapping) {
        long needed = 0;
        for (Mapping view : viewsOf(mapping)) {
            long end = view.fileOffset() + view.range().lengthBytes();
            if (view.fileSize() == 0) {
                end = Math.max(view.fileOffset(), end - beyondBytes(view) - PAGE + 1);
            }
            needed = Math.max(needed, view.fileSize() == 0 ? end : Math.min(end, view.fileSize()));
        }
        return needed;
    }

    private static long beyondBytes(Mapping view) {
        return view.extents().stream()
                .filter(extent -> extent.kind() == ExtentKind.BEYOND_EOF)
                .mapToLong(Extent::lengthBytes)
                .sum();
    }
}
