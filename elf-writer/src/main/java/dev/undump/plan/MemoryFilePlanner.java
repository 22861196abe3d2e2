// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileExtent;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.MemoryFile;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.Segment;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Plans files that exist only in memory: each is made once, filled, opened again for further descriptions of the program, and
 * mapped by the steps of memory.
 *
 * <p>Memory is mapped through a descriptor of the program where one of the needed access exists, else through one that is put
 * aside and closed in the end.
 */
final class MemoryFilePlanner {

    private static final int O_RDONLY = 0;
    private static final int O_RDWR = 2;
    private static final NativeText MAPPED_COPY = NativeText.of("mapped-copy");

    /** An open file description of a memory file that the program has made itself, at its lowest descriptor. */
    private record Opening(OpenFile file, Descriptor descriptor) {}

    private final Checkpoint checkpoint;
    private final DataArea data;
    private final OpenFiles openFiles;
    private final List<FileOp> steps = new ArrayList<>();
    private final Map<Integer, Integer> writers = new HashMap<>();
    private final Map<Integer, Integer> readers = new HashMap<>();
    private int asides;

    private MemoryFilePlanner(Checkpoint checkpoint, DataArea data, OpenFiles openFiles) {
        this.checkpoint = checkpoint;
        this.data = data;
        this.openFiles = openFiles;
    }

    /** Plans all files of a checkpoint. */
    static MemoryFilePlanner plan(Checkpoint checkpoint, DataArea data, OpenFiles openFiles) throws PlanException {
        MemoryFilePlanner planner = new MemoryFilePlanner(checkpoint, data, openFiles);
        for (int index = 0; index < checkpoint.memoryFiles().size(); index++) {
            List<Opening> openings = planner.openingsOf(index);
            List<Mapping> views = planner.viewsOf(index);
            Optional<Segment> segment = planner.segmentAt(index);
            if (segment.isPresent() && !views.isEmpty()) {
                planner.attach(index, segment.get());
            } else if (!openings.isEmpty() || !views.isEmpty()) {
                planner.plan(index, openings, views.stream().anyMatch(MemoryFilePlanner::needsReader));
            }
        }
        return planner;
    }

    /** The steps that make them, in order. */
    List<FileOp> steps() {
        return List.copyOf(steps);
    }

    /** The descriptor that a mapping is made through; negative when it is the stub's own. */
    int descriptorOf(Mapping mapping) {
        return (needsReader(mapping) ? readers : writers).get(mapping.memoryFile());
    }

    /** Whether the memory file that a mapping shows is a segment of System V shared memory. */
    boolean isSegment(Mapping mapping) {
        return segmentAt(mapping.memoryFile()).isPresent();
    }

    /** The number under which that segment is put aside. */
    int segmentOf(Mapping mapping) {
        return ImageLayout.ASIDE_FIRST - writers.get(mapping.memoryFile());
    }

    /** Whether the user has allowed a launch to go on with copies of files and segments that are gone, now or at the capture. */
    boolean copiesAllowed() {
        return checkpoint.allowances().contains(MAPPED_COPY) || openFiles.allows(LaunchPolicies.Weaker.MAPPED_COPY);
    }

    /**
     * Plans a file in memory that takes the place of a mapped file which is not there at launch.
     *
     * @param mappedFile its index in the table of mapped files and one
     * @return the descriptor, put aside
     */
    int copyOf(NativeText path, long sizeBytes, List<ObjectContents.Piece> contents, int mappedFile) throws PlanException {
        int fd = aside();
        String name = path.toString();
        steps.add(FileOp.of(FileOp.Kind.MEMFD, fd, O_RDWR, true, number(sizeBytes), number(0), number(0), number(mappedFile))
                .withPath(NativeText.of(name.substring(name.lastIndexOf('/') + 1))));
        for (ObjectContents.Piece piece : contents) {
            PlanOffset stored = new PlanOffset.InData(data.append(piece.extent()));
            steps.add(FileOp.of(
                    FileOp.Kind.MEMFD_DATA,
                    fd,
                    0,
                    false,
                    number(piece.objectOffset()),
                    stored,
                    number(piece.extent().lengthBytes())));
        }
        return fd;
    }

    private Optional<Segment> segmentAt(int index) {
        return checkpoint.segments().stream()
                .filter(segment -> segment.memoryFile() == index)
                .findFirst();
    }

    private void attach(int index, Segment segment) throws PlanException {
        int fd = aside();
        int kind = segment.isDestroyed()
                ? ImageLayout.SEGMENT_DESTROYED
                : copiesAllowed() ? ImageLayout.SEGMENT_COPY : 0;
        String name = String.format("System V shared memory %d (key 0x%08x)", segment.id(), segment.key());
        writers.put(index, fd);
        steps.add(FileOp.of(
                        FileOp.Kind.SEGMENT,
                        fd,
                        segment.mode() | kind,
                        false,
                        number(pair(segment.id(), segment.key())),
                        number(segment.sizeBytes()),
                        number(segment.changedS()),
                        number(pair(segment.creatorUid(), segment.creatorGid())))
                .withPath(NativeText.of(name))
                .withOffset(pair(segment.uid(), segment.gid())));
        for (FileExtent extent : checkpoint.memoryFiles().get(index).extents()) {
            PlanOffset stored = new PlanOffset.InData(data.append(extent.fileOffset(), extent.lengthBytes()));
            steps.add(FileOp.of(
                    FileOp.Kind.SEGMENT_DATA, fd, 0, false, number(extent.offset()), stored, number(extent.lengthBytes())));
        }
    }

    /** Two numbers of four bytes in one of eight, as {@code struct image_file_op} has them. */
    static long pair(int low, int high) {
        return Integer.toUnsignedLong(low) | (long) high << Integer.SIZE;
    }

    /** Shared memory that can never become writable was mapped through a descriptor that only reads, or of a sealed file. */
    private static boolean needsReader(Mapping mapping) {
        return mapping.kind() == MappingKind.SHARED_FILE && !mapping.hasFlags(CheckpointLayout.VMA_MAY_WRITE);
    }

    private void plan(int index, List<Opening> openings, boolean needsReader) throws PlanException {
        Optional<Opening> writer = first(openings, O_RDWR);
        int source = writer.isPresent() ? writer.get().descriptor().fd() : aside();
        writers.put(index, source);
        make(checkpoint.memoryFiles().get(index), source, writer);
        for (Opening opening : openings) {
            if (opening.descriptor().fd() != source) {
                Descriptor at = opening.descriptor();
                steps.add(openAgain(at.fd(), opening.file().openFlags(), at.closeOnExec(), source)
                        .withOffset(opening.file().offset()));
            }
        }
        if (needsReader) {
            Optional<Opening> reader = first(openings, O_RDONLY);
            readers.put(index, reader.isPresent() ? reader.get().descriptor().fd() : aside());
            if (reader.isEmpty()) {
                steps.add(openAgain(readers.get(index), O_RDONLY, true, source));
            }
        }
    }

    /** Makes and fills a file; its descriptor opens it to read and write. */
    private void make(MemoryFile file, int fd, Optional<Opening> opening) {
        steps.add(FileOp.of(
                        FileOp.Kind.MEMFD,
                        fd,
                        opening.map(one -> one.file().openFlags() & OpenFiles.REOPEN_FLAGS).orElse(O_RDWR),
                        opening.map(one -> one.descriptor().closeOnExec()).orElse(true),
                        number(file.sizeBytes()),
                        number(Integer.toUnsignedLong(file.mode())),
                        number(Integer.toUnsignedLong(file.seals())))
                .withPath(file.name())
                .withOffset(opening.map(one -> one.file().offset()).orElse(0L)));
        for (FileExtent extent : file.extents()) {
            PlanOffset stored = new PlanOffset.InData(data.append(extent.fileOffset(), extent.lengthBytes()));
            steps.add(FileOp.of(
                    FileOp.Kind.MEMFD_DATA, fd, 0, false, number(extent.offset()), stored, number(extent.lengthBytes())));
        }
    }

    private static FileOp openAgain(int fd, int openFlags, boolean closeOnExec, int source) {
        int flags = openFlags & OpenFiles.REOPEN_FLAGS;
        return FileOp.of(FileOp.Kind.MEMFD_OPEN, fd, flags, closeOnExec, number(Integer.toUnsignedLong(source)));
    }

    private int aside() throws PlanException {
        if (asides == ImageLayout.ASIDE_LIMIT) {
            throw new PlanException("the program has more than " + asides + " memfds, segments and files mapped that need a descriptor"
                    + " each: unmap some before the capture");
        }
        return ImageLayout.ASIDE_FIRST - asides++;
    }

    private List<Opening> openingsOf(int index) {
        List<Opening> openings = new ArrayList<>();
        openFiles.byIndex().forEach((openFile, descriptors) -> {
            OpenFile file = checkpoint.openFiles().get(openFile);
            if (file.kind() == FileKind.MEMFD && file.object() == index && !openFiles.comesFromOutside(openFile)) {
                openings.add(new Opening(file, descriptors.get(0)));
            }
        });
        return openings;
    }

    private List<Mapping> viewsOf(int index) {
        return checkpoint.mappings().stream()
                .filter(mapping -> mapping.hasMemoryFile() && mapping.memoryFile() == index)
                .toList();
    }

    private static Optional<Opening> first(List<Opening> openings, int accessMode) {
        return openings.stream()
                .filter(opening -> opening.file().accessMode() == accessMode)
                .findFirst();
    }
}
