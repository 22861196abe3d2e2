// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Sorts the executable memory of a checkpoint by where it comes from. The kernel's own ([vdso]) is left out. */
final class Modules {

    /** Between a module's ELF header and its code lie few mappings of the same file. */
    private static final int FURTHEST_HEADER = 16;

    /** What is known of a module while its mappings are collected. */
    private record Draft(String name, Module.Kind kind, int firstMapping, List<ByteRange> code) {}

    private final Checkpoint checkpoint;
    private final CheckpointMemory memory;
    private final MappedMemory mapped;
    private final TreeMap<Long, Draft> drafts = new TreeMap<>();
    private final List<ByteRange> stored = new ArrayList<>();
    private final Optional<ByteRange> hotSpot;

    Modules(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        this.checkpoint = checkpoint;
        this.memory = memory;
        this.mapped = new MappedMemory(checkpoint.mappings());
        this.hotSpot = HotSpotCode.find(checkpoint, memory);
        List<Mapping> mappings = checkpoint.mappings();
        for (int i = 0; i < mappings.size(); i++) {
            Mapping mapping = mappings.get(i);
            boolean kernel = mapping.kind() == MappingKind.VDSO || mapping.kind() == MappingKind.VVAR;
            if ((mapping.protection() & Mapping.EXECUTE) != 0 && !kernel) {
                add(mapping, i);
            }
        }
    }

    /** Returns stored executable memory, by address, not touching. */
    List<ByteRange> stored() {
        return stored;
    }

    /**
     * Returns the module of an address.
     *
     * @param address in stored executable memory
     */
    Module at(long address, Map<Long, Module> opened) throws IOException {
        for (Map.Entry<Long, Draft> entry : drafts.entrySet()) {
            for (ByteRange range : entry.getValue().code()) {
                if (range.contains(address)) {
                    Module known = opened.get(entry.getKey());
                    if (known == null) {
                        known = open(entry.getValue());
                        opened.put(entry.getKey(), known);
                    }
                    return known;
                }
            }
        }
        throw new IllegalArgumentException("no code at " + ByteRange.format(address));
    }

    private Module open(Draft draft) throws IOException {
        Optional<UnwindTable> functions = Optional.empty();
        long code = draft.code().get(0).start();
        // By content, not by file offset: in an image that is captured again the offset is the image's.
        for (int i = draft.firstMapping(); i >= 0 && i > draft.firstMapping() - FURTHEST_HEADER && functions.isEmpty(); i--) {
            Mapping candidate = checkpoint.mappings().get(i);
            if (candidate.isFile()) {
                functions = UnwindTable.read(memory, candidate.range().start(), code);
            }
        }
        return new Module(draft.name(), draft.kind(), draft.code(), functions, mapped, hotSpot);
    }

    private void add(Mapping mapping, int index) {
        Map.Entry<Long, Draft> last = drafts.lastEntry();
        Draft draft = last == null ? null : last.getValue();
        if (draft == null || !continues(draft, mapping)) {
            draft = new Draft(name(mapping), kind(mapping), index, new ArrayList<>());
            drafts.put(mapping.range().start(), draft);
        }
        join(draft.code(), mapping.range());
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes()) {
                join(stored, extent.range());
            }
        }
    }

    /** Whether a mapping belongs to the same module as the executable one in front of it. */
    private boolean continues(Draft draft, Mapping mapping) {
        Mapping first = checkpoint.mappings().get(draft.firstMapping());
        boolean touches = draft.code().get(draft.code().size() - 1).end() == mapping.range().start();
        boolean sameFile = first.isFile()
                && mapping.isFile()
                && first.inode() == mapping.inode()
                && first.deviceMajor() == mapping.deviceMajor()
                && first.deviceMinor() == mapping.deviceMinor();
        boolean later = mapping.fileOffset() - first.fileOffset() == mapping.range().start() - first.range().start();
        return kind(mapping) == draft.kind() && (sameFile ? later : touches && !first.isFile() && !mapping.isFile());
    }

    private static Module.Kind kind(Mapping mapping) {
        boolean fromFile = mapping.kind() == MappingKind.SHARED_FILE
                && mapping.hasFlags(CheckpointLayout.VMA_MAY_WRITE)
                && !mapping.hasFlags(CheckpointLayout.VMA_DELETED);
        if (fromFile) {
            return Module.Kind.UNCHANGEABLE;
        }
        boolean quiet = mapping.isFile() && (mapping.protection() & Mapping.WRITE) == 0;
        return quiet ? Module.Kind.FILE : Module.Kind.GENERATED;
    }

    private static String name(Mapping mapping) {
        String name = mapping.name().toString();
        if (mapping.isFile() && !name.isEmpty()) {
            return name.substring(name.lastIndexOf('/') + 1);
        }
        return name.isEmpty() ? "generated code" : name;
    }

    private static void join(List<ByteRange> ranges, ByteRange next) {
        int last = ranges.size() - 1;
        if (last >= 0 && ranges.get(last).end() == next.start()) {
            ranges.set(last, new ByteRange(ranges.get(last).start(), next.end()));
        } else {
            ranges.add(next);
        }
    }
}
