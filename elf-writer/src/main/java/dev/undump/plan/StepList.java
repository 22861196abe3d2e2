// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/** Memory steps in order; those that read, of which there may be millions, have no object each. */
final class StepList extends AbstractList<MemoryOp> implements RandomAccess {

    private final List<MemoryOp> before;
    private final LongRows reads;
    private final List<MemoryOp> behind;

    /**
     * Puts three parts one behind the other.
     *
     * @param reads address, length, data offset; must not change any more
     */
    StepList(List<MemoryOp> before, LongRows reads, List<MemoryOp> behind) {
        this.before = List.copyOf(before);
        this.reads = reads;
        this.behind = List.copyOf(behind);
    }

    /** Returns an unmodifiable copy; the list itself if it is one. */
    static List<MemoryOp> copyOf(List<MemoryOp> steps) {
        return steps instanceof StepList ? steps : List.copyOf(steps);
    }

    @Override
    public MemoryOp get(int index) {
        int read = index - before.size();
        if (read < 0) {
            return before.get(index);
        }
        if (read >= reads.size()) {
            return behind.get(read - reads.size());
        }
        ByteRange range = ByteRange.ofLength(reads.get(read, 0), reads.get(read, 1));
        return MemoryOp.read(range, new PlanOffset.InData(reads.get(read, 2)));
    }

    @Override
    public int size() {
        return before.size() + reads.size() + behind.size();
    }
}
