// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The decision between lazy and eager: memory is lazy where it pays and every system call that could tell is intercepted.
 *
 * @param steps all of memory
 * @param memory what of it is lazy
 * @param relocation where instructions went
 */
record LazyDecision(List<MemoryOp> steps, LazyMemory memory, LongUnaryOperator relocation) {

    static LazyDecision of(
            Checkpoint checkpoint,
            CheckpointMemory memory,
            MemoryPlanner addressSpace,
            DataArea data,
            long slot,
            StubLayout stub)
            throws IOException {
        if (!addressSpace.hasLazyRuns()) {
            return new LazyDecision(addressSpace.steps(false), LazyMemory.NONE, LongUnaryOperator.identity());
        }
        List<ByteRange> occupied = new ArrayList<>(addressSpace.occupied());
        occupied.add(ByteRange.ofLength(slot, ImageLayout.SLOT_SIZE));
        Interception calls = Interception.of(checkpoint, memory, occupied, slot + stub.intercept(), data);
        if (!calls.isComplete()) {
            LazyMemory none = new LazyMemory(List.of(), calls.summary(), true);
            return new LazyDecision(addressSpace.steps(false), none, LongUnaryOperator.identity());
        }
        List<MemoryOp> steps = new ArrayList<>(calls.islands());
        steps.addAll(addressSpace.steps(true));
        return new LazyDecision(steps, new LazyMemory(LazyRange.of(steps), calls.summary(), false), calls.relocation());
    }
}
