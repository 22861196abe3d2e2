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
 * fresh anonymous memory into which its bytes are read. [vdso] and [vvar] are the stub's own business.
 */
final class MemoryPlanner {

    private static final int PROT_READ_WRITE = Mapping.READ | Mapping.WRITE;
    private static final int MAP_GROWSDOWN = 0x100;
    private static final int MAP_NORESERVE = 0x4000;
    private static final int MADV_GUARD_INSTALL = 102;

    /** Zero pages inside a file mapping up to this size stay holes of the image; longer ones become anonymous memory. */
    private static final long LONGEST_HOLE = 64 << 10;

    private final Checkpoint checkpoint;
    private final DataArea data;
    private final MemorySteps steps = new MemorySteps();
    private final MappedFiles mappedFiles = new MappedFiles();
    private final List<ByteRange> occupied = new ArrayList<>();

    MemoryPlanner(Checkpoint checkpoint, DataArea data) {
        this.checkpoint = checkpoint;
        this.data = data;
    }

    /** Plans all mappings; afterwards the getters below have answers. */
    void plan() throws PlanException {
        Map<SharedObject.Key, List<Mapping>> shared = new LinkedHashMap<>();
        for (Mapping mapping : checkpoint.mappings()) {
            occupied.add(mapping.range());
            if (mapping.range().end() > ImageLayout.ADDRESS_LIMIT) {
                throw new PlanException("memory at " + mapping.range() + " lies above "
                        + ByteRange.format(ImageLayout.ADDRESS_LIMIT)
                        + ": programs that use 5-level page tables cannot be brought back");
            }
            switch (mapping.kind()) {
                case ANONYMOUS -> anonymous(mapping);
                case PRIVATE_FILE -> fileBytes(mapping);
                case SHARED_FILE -> sharedFile(mapping, shared);
                case SHARED_ANONYMOUS -> remember(shared, SharedObject.Key.ofShareId(mapping.shareId()), mapping);
                case VDSO, VVAR -> {}
            }
        }
        for (List<Mapping> mappings : shared.values()) {
            new SharedObject(mappings, checkpoint.mappings(), data, steps).plan();
        }
        for (Mapping mapping : checkpoint.mappings()) {
            attributes(mapping);
        }
    }

    List<MemoryOp> steps() {
        return steps.inOrder();
    }

    List<MappedFile> mappedFiles() {
        return mappedFiles.inOrder();
    }

    /** Address ranges that the program has, growth of its stacks included. */
    List<ByteRange> occupied() {
        return List.copyOf(occupied);
    }

    private void anonymous(Mapping mapping) throws PlanException {
        if (mapping.hasFlags(CheckpointLayout.VMA_DROPPABLE)) {
            steps.add(MemoryOp.droppable(mapping.range(), mapping.protection()));
            return;
        }
        ByteRange range = mapping.isStack() ? StackGrowth.of(mapping, checkpoint) : mapping.range();
        occupied.add(range);
        int flags = 0;
        if (mapping.hasFlags(CheckpointLayout.VMA_GROWSDOWN) || mapping.isStack()) {
            flags |= MAP_GROWSDOWN;
        }
        boolean hasBytes = mapping.storedBytes() > 0 && !mapping.hasFlags(CheckpointLayout.VMA_WIPEONFORK);
        boolean writable = (mapping.protection() & Mapping.WRITE) != 0;
        // What the program did not have accounted must not be accounted while contents are read into it.
        if (mapping.hasFlags(CheckpointLayout.VMA_NORESERVE) || mapping.isStack() || (hasBytes && !writable)) {
            flags |= MAP_NORESERVE;
        }
        int during = hasBytes && !writable ? PROT_READ_WRITE : mapping.protection();
        steps.add(MemoryOp.anonymous(range, during, flags));
        if (hasBytes) {
            readAll(mapping);
        }
        if (during != mapping.protection()) {
            steps.add(MemoryOp.protect(range, mapping.protection()));
        }
        guards(mapping);
    }

    private void readAll(Mapping mapping) throws PlanException {
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes()) {
                steps.add(MemoryOp.read(extent.range(), new PlanOffset.InData(data.append(extent))));
            } else if (extent.kind() == ExtentKind.BEYOND_EOF) {
                throw new PlanException("anonymous memory at " + mapping.range() + " has pages behind the end of a file: the"
                        + " checkpoint contradicts itself");
            }
        }
    }

    private void guards(Mapping mapping) {
        for (Extent extent : mapping.extents()) {
            if (extent.kind() == ExtentKind.GUARD) {
                steps.add(MemoryOp.advise(extent.range(), MADV_GUARD_INSTALL, false));
            }
        }
    }

    private void sharedFile(Mapping mapping, Map<SharedObject.Key, List<Mapping>> shared) throws PlanException {
        if (mapping.name().toString().matches(".*/hsperfdata_[^/]+/[0-9]+")) {
            // HotSpot's performance counters: only watched from outside, under the old process id, and deleted at its exit.
            remember(shared, SharedObject.Key.ofFile(mapping), mapping);
        } else if (!mapping.hasFlags(CheckpointLayout.VMA_MAY_WRITE)) {
            fileBytes(mapping);
        } else if (mapping.hasFlags(CheckpointLayout.VMA_DELETED)) {
            refuseWhenOpen(mapping);
            remember(shared, SharedObject.Key.ofFile(mapping), mapping);
        } else {
            int index = mappedFiles.indexOf(mapping);
            steps.add(MemoryOp.file(mapping.range(), mapping.protection(), index, mapping.fileOffset()));
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
        List<Extent> run = new ArrayList<>();
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes() && !run.isEmpty() && extent.address() - done <= LONGEST_HOLE) {
                run.add(extent);
                done = extent.range().end();
                continue;
            }
            imageRun(mapping, run, done);
            run.clear();
            if (extent.address() > done) {
                steps.add(MemoryOp.anonymous(new ByteRange(done, extent.address()), mapping.protection(), flags));
            }
            if (extent.hasBytes()) {
                run.add(extent);
            } else if (extent.kind() == ExtentKind.BEYOND_EOF) {
                steps.add(MemoryOp.image(extent.range(), mapping.protection(), PlanOffset.BEHIND_IMAGE));
            } else {
                steps.add(MemoryOp.anonymous(extent.range(), mapping.protection(), flags));
            }
            done = extent.range().end();
        }
        imageRun(mapping, run, done);
        if (done < mapping.range().end()) {
            steps.add(MemoryOp.anonymous(new ByteRange(done, mapping.range().end()), mapping.protection(), flags));
        }
        guards(mapping);
    }

    private void imageRun(Mapping mapping, List<Extent> run, long end) {
        if (run.isEmpty()) {
            return;
        }
        long start = run.get(0).address();
        long offset = data.reserve(end - start);
        for (Extent extent : run) {
            data.place(extent, offset + (extent.address() - start));
        }
        steps.add(MemoryOp.image(new ByteRange(start, end), mapping.protection(), new PlanOffset.InData(offset)));
    }

    private void attributes(Mapping mapping) {
        if (mapping.kind() == MappingKind.VDSO || mapping.kind() == MappingKind.VVAR) {
            return;
        }
        for (VmaAdvice advice : VmaAdvice.values()) {
            if (mapping.hasFlags(advice.vmaFlag())) {
                steps.add(MemoryOp.advise(mapping.range(), advice.number(), advice.isOptional()));
            }
        }
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
