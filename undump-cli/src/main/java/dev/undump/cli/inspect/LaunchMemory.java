// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.plan.LayoutPlanner;
import dev.undump.plan.MemoryOp;
import dev.undump.plan.MemoryPlan;
import dev.undump.plan.PlanException;
import dev.undump.sites.Coverage;
import java.io.IOException;
import java.util.Optional;

/**
 * How a launch brings memory back.
 *
 * @param lazyBytes memory of the program's own that is mapped from the image
 * @param lazyRanges pieces of it
 * @param eagerBytes memory that is read
 * @param mappedBytes files of the program that are mapped from the image
 * @param coverage how system calls were found that lazy memory has to know about; empty when nothing could be lazy
 */
record LaunchMemory(long lazyBytes, long lazyRanges, long eagerBytes, long mappedBytes, Optional<Coverage> coverage) {

    /**
     * Plans it, as {@code undump} would.
     *
     * @return empty if the memory cannot be brought back
     */
    static Optional<LaunchMemory> of(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        try {
            MemoryPlan plan = LayoutPlanner.memorySteps(checkpoint, memory);
            return Optional.of(new LaunchMemory(
                    plan.bytes(MemoryOp.Kind.LAZY),
                    plan.lazy().ranges().size(),
                    plan.bytes(MemoryOp.Kind.READ),
                    plan.bytes(MemoryOp.Kind.IMAGE),
                    plan.lazy().coverage()));
        } catch (PlanException e) {
            return Optional.empty();
        }
    }
}
