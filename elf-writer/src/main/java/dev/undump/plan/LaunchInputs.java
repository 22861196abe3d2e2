// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import java.util.List;
import java.util.Optional;

/**
 * What a launch looks at before it begins.
 *
 * @param files in order of their paths; none: it looks at nothing
 * @param fallback what runs when one of them has changed; present if there are some
 */
public record LaunchInputs(List<PlannedInput> files, Optional<FallbackCommand> fallback) {

    static final LaunchInputs NONE = new LaunchInputs(List.of(), Optional.empty());

    public LaunchInputs {
        files = List.copyOf(files);
        if (files.isEmpty() == fallback.isPresent()) {
            throw new IllegalArgumentException("a launch has inputs and a fallback, or neither");
        }
    }

    /** Looks at the files. */
    static LaunchInputs of(Checkpoint checkpoint, InputPolicy policy) throws PlanException {
        if (!policy.checked() || checkpoint.inputs().isEmpty()) {
            return NONE;
        }
        FallbackCommand fallback = FallbackCommand.of(checkpoint.process(), policy);
        return new LaunchInputs(InputFiles.plan(checkpoint.inputs()), Optional.of(fallback));
    }
}
