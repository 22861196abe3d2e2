// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.AbstractList;
import java.util.RandomAccess;

/** Pieces of page data without an object for each. */
final class PieceList extends AbstractList<DataPiece> implements RandomAccess {

    private final LongRows rows = new LongRows();

    /** Adds bytes; where they continue the last piece, that grows. */
    void append(long checkpointOffset, long lengthBytes, long dataOffset) {
        int last = rows.size() - 1;
        if (last >= 0) {
            long length = rows.get(last, 1);
            if (rows.get(last, 0) + length == dataOffset && rows.get(last, 2) + length == checkpointOffset) {
                rows.set(last, rows.get(last, 0), length + lengthBytes, rows.get(last, 2));
                return;
            }
        }
        rows.add(dataOffset, lengthBytes, checkpointOffset);
    }

    @Override
    public DataPiece get(int index) {
        return new DataPiece(rows.get(index, 0), rows.get(index, 1), rows.get(index, 2));
    }

    @Override
    public int size() {
        return rows.size();
    }
}
