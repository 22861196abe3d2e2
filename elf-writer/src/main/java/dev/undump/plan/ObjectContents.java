// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What several mappings of one object show of it, each byte once. */
final class ObjectContents {

    /**
     * Bytes at a place of the object.
     *
     * @param objectOffset bytes from the object's start
     * @param extent where they were seen and where they are stored
     */
    record Piece(long objectOffset, Extent extent) {
        long objectEnd() {
            return objectOffset + extent.lengthBytes();
        }

        /** Cuts off what lies before a place of the object. */
        private Piece behind(long done) {
            long cut = Math.max(0, done - objectOffset);
            Extent rest = new Extent(
                    extent.address() + cut,
                    extent.lengthBytes() - cut,
                    extent.fileOffset() + cut,
                    extent.kind(),
                    extent.crc());
            return new Piece(objectOffset + cut, rest);
        }
    }

    private ObjectContents() {}

    /** Returns them by place, without overlap. */
    static List<Piece> of(List<Mapping> mappings) {
        List<Piece> all = mappings.stream()
                .flatMap(mapping -> mapping.extents().stream()
                        .filter(Extent::hasBytes)
                        .map(extent -> new Piece(
                                mapping.fileOffset() + (extent.address() - mapping.range().start()), extent)))
                .sorted(Comparator.comparingLong(Piece::objectOffset).thenComparingLong(Piece::objectEnd))
                .toList();
        List<Piece> pieces = new ArrayList<>();
        long done = 0;
        for (Piece piece : all) {
            if (piece.objectEnd() > done) {
                pieces.add(piece.behind(done));
                done = piece.objectEnd();
            }
        }
        return pieces;
    }
}
