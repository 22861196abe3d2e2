// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.List;

/**
 * How a launch brings memory back.
 *
 * @param steps in order
 * @param lazy which of it is lazy, and how that was decided
 */
public record MemoryPlan(List<MemoryOp> steps, LazyMemory lazy) {

    public MemoryPlan {
        steps = StepList.copyOf(steps);
    }

    /** Returns the bytes of all steps of a kind. */
    public long bytes(MemoryOp.Kind kind) {
        return steps.stream()
                .filter(step -> step.kind() == kind)
                .mapToLong(step -> step.range().lengthBytes())
                .sum();
    }
}
