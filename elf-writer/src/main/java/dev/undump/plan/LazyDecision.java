// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * The decision between lazy and eager: memory is lazy where it pays and every system call that could tell is intercepted.
 *
 * @param steps all of memory
 * @param lazy what of it is lazy
 * @param relocation where instructions went
 */
record LazyDecision(List<MemoryOp> steps, LazyMemory lazy, LongUnaryOperator relocation) {

    /**
     * Decides; rewrites the program's code when it is for lazy memory.
     *
     * @param addressSpace planned
     * @param entry offset of {@code undump_intercept} in the slot
     * @param routed whether calls are routed there also when no memory is lazy
     */
    static LazyDecision of(
            Checkpoint checkpoint,
            CheckpointMemory memory,
            ProgramMemory program,
            MemoryPlanner addressSpace,
            DataArea data,
            long slot,
            long entry,
            boolean routed)
            throws IOException {
        if (!addressSpace.hasLazyRuns() && !routed) {
            return new LazyDecision(addressSpace.steps(false, List.of()), LazyMemory.NONE, LongUnaryOperator.identity());
        }
        List<ByteRange> occupied = new ArrayList<>(addressSpace.occupied());
        occupied.add(ByteRange.ofLength(slot, ImageLayout.SLOT_SIZE));
        Interception calls = Interception.of(checkpoint, memory, program, occupied, slot + entry, data);
        List<MemoryOp> steps = addressSpace.steps(calls.coverage().isComplete(), calls.islands());
        LazyMemory lazy = new LazyMemory(LazyRange.of(steps), Optional.of(calls.coverage()));
        return new LazyDecision(steps, lazy, calls.relocation());
    }
}
