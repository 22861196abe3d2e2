// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plans the address space: which step brings each mapping back, and which bytes of the checkpoint go into the image.
 *
 * <p>File mappings become private mappings of the image itself; the bytes are there, so nothing is read. Anonymous memory is
 * mapped from the image as well where that pays and nothing but time can tell the difference ({@link LazyRuns}); the rest is
 * fresh anonymous memory into which its bytes are read. [vdso] and [vvar] are the stub's own business.
 *
 * <p>Where bytes stand in the image does not depend on whether memory is lazy in the end: copying them can begin before that is
 * known.
 */
final class MemoryPlanner {

    private static final int PROT_READ_WRITE = Mapping.READ | Mapping.WRITE;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MADV_GUARD_INSTALL = 102;

    private final Checkpoint checkpoint;
    private final List<Mapping> mappings;
    private final DataArea data;
    private final MemoryFilePlanner memoryFiles;
    /** Everything but private anonymous memory. */
    private final MemorySteps files = new MemorySteps();

    private final MappedFiles mappedFiles;
    private final AttachedSegments segments;
    private final List<ByteRange> occupied = new ArrayList<>();
    private final List<AnonymousMapping> anonymous = new ArrayList<>();

    /**
     * Prepares planning.
     *
     * @param mappings what the checkpoint's mappings are to the program
     * @param memoryFiles planned already
     */
    MemoryPlanner(Checkpoint checkpoint, List<Mapping> mappings, DataArea data, MemoryFilePlanner memoryFiles) {
        this.checkpoint = checkpoint;
        this.mappings = mappings;
        this.data = data;
        this.memoryFiles = memoryFiles;
        this.mappedFiles = new MappedFiles(checkpoint, memoryFiles);
        this.segments = new AttachedSegments(memoryFiles);
    }

    /** Decides where all bytes stand and plans what does not depend on laziness. */
    void plan(PlanOptions.AnonymousMemory choice) throws PlanException {
        List<List<ByteRange>> runs = choice == PlanOptions.AnonymousMemory.LAZY
                ? new LazyRuns(mappings, checkpoint.process().marks(), checkpoint.identity().boundMemory()).choose()
                : LazyRuns.none(mappings);
        Map<SharedObject.Key, List<Mapping>> shared = new LinkedHashMap<>();
        for (int i = 0; i < mappings.size(); i++) {
            Mapping mapping = mappings.get(i);
            occupied.add(mapping.range());
            requireReachable(mapping);
            switch (mapping.kind()) {
                case ANONYMOUS -> anonymous(mapping, runs.get(i));
                case PRIVATE_FILE -> privateFile(mapping);
                case SHARED_FILE -> sharedFile(mapping, shared);
                case SHARED_ANONYMOUS -> remember(shared, SharedObject.Key.ofShareId(mapping.shareId()), mapping);
                case VDSO, VVAR -> {}
            }
        }
        // Behind the lazy runs and one behind the other, so that few calls read all of it.
        for (AnonymousMapping mapping : anonymous) {
            mapping.placeReads(data);
        }
        for (List<Mapping> sharing : shared.values()) {
            new SharedObject(sharing, mappings, data, files).plan();
        }
    }

    /**
     * Returns all steps.
     *
     * @param lazy false: lazy runs are read as well
     * @param more further mappings
     */
    List<MemoryOp> steps(boolean lazy, List<MemoryOp> more) {
        MemorySteps steps = new MemorySteps();
        more.forEach(steps::add);
        segments.addTo(steps, mappings);
        for (AnonymousMapping mapping : anonymous) {
            mapping.addTo(steps, lazy, data);
        }
        steps.addAll(files);
        guards(steps);
        attributes(steps);
        return steps.inOrder();
    }

    /** Whether there is memory that a launch may map lazily. */
    boolean hasLazyRuns() {
        return anonymous.stream().anyMatch(AnonymousMapping::hasLazyRuns);
    }

    List<MappedFile> mappedFiles() {
        return mappedFiles.inOrder();
    }

    /** Address ranges that the program has, growth of its stacks included. */
    List<ByteRange> occupied() {
        return List.copyOf(occupied);
    }

    private static void requireReachable(Mapping mapping) throws PlanException {
        if (mapping.range().end() > ImageLayout.ADDRESS_LIMIT) {
            throw new PlanException("memory at " + mapping.range() + " lies above "
                    + ByteRange.format(ImageLayout.ADDRESS_LIMIT)
                    + ": programs that use 5-level page tables cannot be brought back");
        }
    }

    private void anonymous(Mapping mapping, List<ByteRange> runs) throws PlanException {
        if (mapping.hasFlags(CheckpointLayout.VMA_DROPPABLE)) {
            files.add(MemoryOp.droppable(mapping.range(), mapping.protection()));
            return;
        }
        ByteRange range = mapping.isStack() ? StackGrowth.of(mapping, checkpoint) : mapping.range();
        occupied.add(range);
        AnonymousMapping planned = new AnonymousMapping(mapping, range, runs);
        planned.placeRuns(data);
        anonymous.add(planned);
    }

    private void guards(MemorySteps steps) {
        for (Mapping mapping : mappings) {
            for (Extent extent : mapping.extents()) {
                if (extent.kind() == ExtentKind.GUARD && hasAttributes(mapping)) {
                    steps.add(MemoryOp.advise(extent.range(), MADV_GUARD_INSTALL, false));
                }
            }
        }
    }

    private void privateFile(Mapping mapping) throws PlanException {
        if (mapping.hasMemoryFile()) {
            memoryFile(mapping);
        } else {
            fileBytes(mapping);
        }
    }

    /** Maps a memory file; pages that the program has written privately are read over it. */
    private void memoryFile(Mapping mapping) throws PlanException {
        boolean closed = mapping.storedBytes() > 0 && (mapping.protection() & Mapping.WRITE) == 0;
        int during = closed ? PROT_READ_WRITE : mapping.protection();
        int flags = mapping.isShared() ? MAP_SHARED : MAP_PRIVATE;
        if (mapping.hasFlags(CheckpointLayout.VMA_NORESERVE) || closed) {
            flags |= MAP_NORESERVE;
        }
        int descriptor = memoryFiles.descriptorOf(mapping);
        files.add(MemoryOp.descriptorMap(mapping.range(), during, flags, descriptor, mapping.fileOffset()));
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes()) {
                files.read(extent.range(), data.append(extent));
            }
        }
        if (during != mapping.protection()) {
            files.add(MemoryOp.protect(mapping.range(), mapping.protection()));
        }
    }

    private void sharedFile(Mapping mapping, Map<SharedObject.Key, List<Mapping>> shared) throws PlanException {
        if (mapping.hasMemoryFile() && memoryFiles.isSegment(mapping)) {
            segments.add(mapping);
        } else if (mapping.hasMemoryFile()) {
            memoryFile(mapping);
        } else if (mapping.name().toString().matches(".*/hsperfdata_[^/]+/[0-9]+")) {
            // HotSpot's performance counters: only watched from outside, under the old process id, and deleted at its exit.
            remember(shared, SharedObject.Key.ofFile(mapping), mapping);
        } else if (mapping.hasFlags(CheckpointLayout.VMA_DELETED | CheckpointLayout.VMA_MAY_WRITE)) {
            refuseWhenOpen(mapping);
            remember(shared, SharedObject.Key.ofFile(mapping), mapping);
        } else if (mapping.hasFlags(CheckpointLayout.VMA_DELETED)) {
            fileBytes(mapping);
        } else if (mappedFiles.isWritable(mapping)) {
            int index = mappedFiles.indexOf(mapping);
            files.add(MemoryOp.file(mapping.range(), mapping.protection(), index, mapping.fileOffset()));
        } else {
            fileBytes(mapping);
            if (MappedFiles.isRecognisable(mapping)) {
                int index = mappedFiles.indexOfRead(mapping);
                files.add(MemoryOp.file(mapping.range(), mapping.protection(), index, mapping.fileOffset()));
            }
        }
    }

    private void refuseWhenOpen(Mapping mapping) throws PlanException {
        boolean open = checkpoint.openFiles().stream()
                .anyMatch(file -> file.inode() == mapping.inode()
                        && file.deviceMajor() == mapping.deviceMajor()
                        && file.deviceMinor() == mapping.deviceMinor());
        if (open) {
            throw new PlanException("memory at " + mapping.range() + " is a shared mapping of " + mapping.name()
                    + ", which is deleted and open at the same time: the two cannot be joined again");
        }
    }

    private static void remember(Map<SharedObject.Key, List<Mapping>> shared, SharedObject.Key key, Mapping mapping) {
        shared.computeIfAbsent(key, unused -> new ArrayList<>()).add(mapping);
    }

    /** Maps the image where the program had a file, so that no byte is read at launch. */
    private void fileBytes(Mapping mapping) {
        int flags = mapping.hasFlags(CheckpointLayout.VMA_NORESERVE) ? MAP_NORESERVE : 0;
        long done = mapping.range().start();
        long runStart = done;
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes() && done > runStart && extent.address() - done <= LazyRuns.LONGEST_HOLE) {
                done = extent.range().end();
                continue;
            }
            imageRun(mapping, runStart, done);
            if (extent.address() > done) {
                files.add(MemoryOp.anonymous(new ByteRange(done, extent.address()), mapping.protection(), flags));
            }
            done = extent.range().end();
            runStart = extent.hasBytes() ? extent.address() : done;
            if (extent.kind() == ExtentKind.BEYOND_EOF) {
                files.add(MemoryOp.image(extent.range(), mapping.protection(), PlanOffset.BEHIND_IMAGE));
            } else if (!extent.hasBytes()) {
                files.add(MemoryOp.anonymous(extent.range(), mapping.protection(), flags));
            }
        }
        imageRun(mapping, runStart, done);
        if (done < mapping.range().end()) {
            files.add(MemoryOp.anonymous(new ByteRange(done, mapping.range().end()), mapping.protection(), flags));
        }
    }

    private void imageRun(Mapping mapping, long start, long end) {
        if (start < end) {
            ByteRange run = new ByteRange(start, end);
            PlanOffset offset = new PlanOffset.InData(data.appendRun(run, mapping.extents()));
            files.add(MemoryOp.image(run, mapping.protection(), offset));
        }
    }

    /** Advice by advice, so that neighbours with the same are one step. */
    private void attributes(MemorySteps steps) {
        checkpoint.identity().boundMemory().forEach(bound -> steps.add(MemoryOp.policy(bound)));
        for (VmaAdvice advice : VmaAdvice.values()) {
            for (Mapping mapping : mappings) {
                if (hasAttributes(mapping) && mapping.hasFlags(advice.vmaFlag())) {
                    steps.add(MemoryOp.advise(mapping.range(), advice.number(), advice.isOptional()));
                }
            }
        }
        for (Mapping mapping : mappings) {
            if (hasAttributes(mapping)) {
                otherAttributes(mapping, steps);
            }
        }
    }

    private static boolean hasAttributes(Mapping mapping) {
        return mapping.kind() != MappingKind.VDSO && mapping.kind() != MappingKind.VVAR;
    }

    private static void otherAttributes(Mapping mapping, MemorySteps steps) {
        String name = mapping.name().toString();
        if (mapping.kind() == MappingKind.ANONYMOUS && name.startsWith("[anon:") && name.endsWith("]")) {
            NativeText inner = NativeText.of(name.substring("[anon:".length(), name.length() - 1));
            if (!inner.isEmpty()) {
                steps.add(MemoryOp.name(mapping.range(), inner));
            }
        }
        if (mapping.hasFlags(CheckpointLayout.VMA_LOCKED)) {
            steps.add(MemoryOp.lock(mapping.range(), mapping.hasFlags(CheckpointLayout.VMA_LOCKED_ON_FAULT) ? 1 : 0));
        }
        if (mapping.hasFlags(CheckpointLayout.VMA_SEALED)) {
            steps.add(MemoryOp.seal(mapping.range()));
        }
    }
}
