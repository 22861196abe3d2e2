// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Mapping;
import dev.undump.nativestub.CheckpointLayout;
import java.util.List;

/**
 * Plans memory that several mappings share: one shared anonymous mapping where the pieces lie as they did at its birth,
 * otherwise a nameless file that is mapped piece by piece. Its contents are read once.
 */
final class SharedObject {

    private static final int PROT_READ_WRITE = Mapping.READ | Mapping.WRITE;
    private static final int MAP_NORESERVE = 0x4000;

    /** What makes two mappings one object: the share id, or the file that takes no other part in the image. */
    record Key(int shareId, long inode, int deviceMajor, int deviceMinor) {

        static Key ofShareId(int shareId) {
            return new Key(shareId, 0, 0, 0);
        }

        static Key ofFile(Mapping mapping) {
            return new Key(0, mapping.inode(), mapping.deviceMajor(), mapping.deviceMinor());
        }
    }

    private final List<Mapping> mappings;
    private final List<Mapping> all;
    private final DataArea data;
    private final MemorySteps steps;

    SharedObject(List<Mapping> mappings, List<Mapping> all, DataArea data, MemorySteps steps) {
        this.mappings = mappings;
        this.all = all;
        this.data = data;
        this.steps = steps;
    }

    void plan() throws PlanException {
        if (isOnePiece()) {
            mapWhole();
        } else {
            mapPieces();
        }
        readContents();
    }

    private ByteRange span() {
        return new ByteRange(
                mappings.get(0).range().start(), mappings.get(mappings.size() - 1).range().end());
    }

    private boolean isOnePiece() {
        if (mappings.size() == 1) {
            return true;
        }
        Mapping first = mappings.get(0);
        long base = first.range().start() - first.fileOffset();
        ByteRange span = span();
        return mappings.stream().allMatch(mapping -> mapping.range().start() - mapping.fileOffset() == base)
                && all.stream().filter(mapping -> mapping.range().overlaps(span)).count() == mappings.size();
    }

    private void mapWhole() {
        boolean noReserve = mappings.stream().anyMatch(mapping -> mapping.hasFlags(CheckpointLayout.VMA_NORESERVE));
        steps.add(MemoryOp.shared(span(), PROT_READ_WRITE, noReserve ? MAP_NORESERVE : 0));
        long done = span().start();
        for (Mapping mapping : mappings) {
            if (mapping.range().start() > done) {
                steps.add(MemoryOp.unmap(new ByteRange(done, mapping.range().start())));
            }
            protect(mapping);
            done = mapping.range().end();
        }
    }

    private void mapPieces() {
        long size = mappings.stream()
                .mapToLong(mapping -> mapping.fileOffset() + mapping.range().lengthBytes())
                .max()
                .orElseThrow();
        steps.add(MemoryOp.object(size));
        for (Mapping mapping : mappings) {
            steps.add(MemoryOp.objectMap(mapping.range(), PROT_READ_WRITE, mapping.fileOffset()));
            protect(mapping);
        }
    }

    private void protect(Mapping mapping) {
        if (mapping.protection() != PROT_READ_WRITE) {
            steps.add(MemoryOp.protect(mapping.range(), mapping.protection()));
        }
    }

    private void readContents() throws PlanException {
        for (ObjectContents.Piece piece : ObjectContents.of(mappings)) {
            steps.read(piece.extent().range(), data.append(piece.extent()));
        }
    }
}
