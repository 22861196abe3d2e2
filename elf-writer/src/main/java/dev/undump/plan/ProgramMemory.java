// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.sites.OlderStub;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the mappings of a checkpoint are to the program. In one that came from an image itself, lazy memory shows as private
 * mappings of that image; here it is the anonymous memory that the program takes it for, in one piece where it was one.
 */
final class ProgramMemory {

    /** Flags in which the pieces of one mapping may differ: the kernel gives them by address and by kind. */
    private static final int ACCIDENTAL = CheckpointLayout.VMA_HEAP | CheckpointLayout.VMA_ACCOUNTED;

    /** A mapping, and whether it was one of the older image. */
    private record Piece(Mapping mapping, boolean wasLazy) {}

    private final List<ResidentRecord> records;
    private final List<Mapping> mappings;

    private ProgramMemory(List<ResidentRecord> records, List<Mapping> mappings) {
        this.records = records;
        this.mappings = mappings;
    }

    static ProgramMemory of(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        List<ResidentRecord> records = ResidentRecord.find(checkpoint, memory);
        List<Mapping> mappings = checkpoint.mappings();
        for (ResidentRecord record : records) {
            if (record.isActive()) {
                mappings = joined(pieces(mappings, record));
            }
        }
        return new ProgramMemory(records, mappings);
    }

    /** By address, not overlapping. */
    List<Mapping> mappings() {
        return mappings;
    }

    /** Stubs of the images that the program came from. */
    List<OlderStub> olderStubs() {
        return records.stream().map(ResidentRecord::stub).toList();
    }

    /** Lets the older stubs pass every call on; to be called when all memory has its place in the page data. */
    void retireOlderStubs(DataArea data) {
        records.stream().filter(ResidentRecord::isActive).forEach(record -> data.clearWord(record.activeWord()));
    }

    private static List<Piece> pieces(List<Mapping> mappings, ResidentRecord record) {
        List<Piece> pieces = new ArrayList<>();
        List<ByteRange> ranges = record.ranges();
        int next = 0;
        for (Mapping mapping : mappings) {
            while (next < ranges.size() && ranges.get(next).end() <= mapping.range().start()) {
                next++;
            }
            if (record.isOfImage(mapping)) {
                cut(mapping, record, next, pieces);
            } else {
                pieces.add(new Piece(mapping, false));
            }
        }
        return pieces;
    }

    /** The kernel may have joined lazy memory with a neighbour that is a file's to the program, too. */
    private static void cut(Mapping mapping, ResidentRecord record, int first, List<Piece> pieces) {
        List<ByteRange> ranges = record.ranges();
        long done = mapping.range().start();
        long end = mapping.range().end();
        for (int i = first; i < ranges.size() && ranges.get(i).start() < end; i++) {
            long lazyStart = Math.max(done, ranges.get(i).start());
            long lazyEnd = Math.min(end, ranges.get(i).end());
            if (!record.isInPlace(mapping, i, lazyStart)) {
                // The program has mapped the image itself, as the file that it is.
                continue;
            }
            if (lazyStart > done) {
                pieces.add(new Piece(part(mapping, new ByteRange(done, lazyStart), false), false));
            }
            pieces.add(new Piece(part(mapping, new ByteRange(lazyStart, lazyEnd), true), true));
            done = lazyEnd;
        }
        if (done < end) {
            pieces.add(new Piece(part(mapping, new ByteRange(done, end), false), false));
        }
    }

    private static Mapping part(Mapping mapping, ByteRange range, boolean anonymous) {
        List<Extent> extents = new ArrayList<>();
        int first = ByteRange.firstEndingBehind(mapping.extents(), Extent::range, range.start());
        for (int i = first; i < mapping.extents().size(); i++) {
            Extent extent = mapping.extents().get(i);
            if (extent.address() >= range.end()) {
                break;
            }
            extents.add(Extents.cut(extent, range));
        }
        if (anonymous) {
            return anonymous(range, mapping, mapping.flags(), NativeText.EMPTY, extents);
        }
        return mapping.part(range, extents);
    }

    private static Mapping anonymous(ByteRange range, Mapping like, int flags, NativeText name, List<Extent> extents) {
        return new Mapping(
                range, MappingKind.ANONYMOUS, like.protection(), flags & ~CheckpointLayout.VMA_DELETED, 0, 0, 0, 0, 0, name, 0, 0, extents);
    }

    private static List<Mapping> joined(List<Piece> pieces) {
        List<Mapping> mappings = new ArrayList<>(pieces.size());
        int first = 0;
        for (int i = 1; i <= pieces.size(); i++) {
            if (i == pieces.size() || !wereOne(pieces.get(i - 1), pieces.get(i))) {
                mappings.add(join(pieces.subList(first, i)));
                first = i;
            }
        }
        return List.copyOf(mappings);
    }

    private static boolean wereOne(Piece lower, Piece upper) {
        Mapping a = lower.mapping();
        Mapping b = upper.mapping();
        return (lower.wasLazy() || upper.wasLazy())
                && a.kind() == MappingKind.ANONYMOUS
                && b.kind() == MappingKind.ANONYMOUS
                && a.range().end() == b.range().start()
                && a.protection() == b.protection()
                && ((a.flags() ^ b.flags()) & ~ACCIDENTAL) == 0
                && LazyRuns.isEligible(a)
                && LazyRuns.isEligible(b);
    }

    private static Mapping join(List<Piece> pieces) {
        if (pieces.size() == 1) {
            return pieces.get(0).mapping();
        }
        List<Extent> extents = new ArrayList<>();
        int flags = 0;
        NativeText name = NativeText.EMPTY;
        for (Piece piece : pieces) {
            extents.addAll(piece.mapping().extents());
            flags |= piece.mapping().flags();
            name = piece.mapping().name().isEmpty() ? name : piece.mapping().name();
        }
        Mapping first = pieces.get(0).mapping();
        Mapping last = pieces.get(pieces.size() - 1).mapping();
        return anonymous(new ByteRange(first.range().start(), last.range().end()), first, flags, name, extents);
    }
}
