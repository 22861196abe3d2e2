// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.DataPiece;
import java.util.ArrayList;
import java.util.List;

/** Hands out the pieces to copy, in order, in portions that several threads take. */
final class CopyQueue {

    private final List<DataPiece> pieces;
    private final long totalBytes;
    private final boolean ascending;
    private int next;
    private long takenOfNext;

    CopyQueue(List<DataPiece> pieces) {
        this.pieces = pieces;
        long total = 0;
        long end = 0;
        boolean inOrder = true;
        for (DataPiece piece : pieces) {
            total += piece.lengthBytes();
            inOrder &= piece.dataOffset() >= end;
            end = piece.dataEnd();
        }
        this.totalBytes = total;
        this.ascending = inOrder;
    }

    /** Whether what lies between a piece and the next one belongs to no other piece. */
    boolean isAscending() {
        return ascending;
    }

    long totalBytes() {
        return totalBytes;
    }

    /**
     * Takes the next portion: neighbours in the checkpoint, so that one read gets them all.
     *
     * @param mostBytes size of a portion, a multiple of the page size
     * @return empty when all is taken
     */
    synchronized List<DataPiece> take(long mostBytes) {
        List<DataPiece> portion = new ArrayList<>();
        long left = mostBytes;
        long expected = -1;
        while (next < pieces.size() && left > 0) {
            DataPiece piece = pieces.get(next);
            long from = piece.checkpointOffset() + takenOfNext;
            if (expected >= 0 && from != expected) {
                break;
            }
            long length = Math.min(piece.lengthBytes() - takenOfNext, left);
            portion.add(new DataPiece(piece.dataOffset() + takenOfNext, length, from));
            left -= length;
            expected = from + length;
            takenOfNext += length;
            if (takenOfNext == piece.lengthBytes()) {
                next++;
                takenOfNext = 0;
            }
        }
        return portion;
    }
}
