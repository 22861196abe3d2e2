// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a tool is warmed.
 *
 * @param arguments of one run each; empty: it is only loaded
 * @param runs how often each of them is run, at least once
 * @param limitSeconds how long one run may take
 * @param statuses with which a run may end
 * @param input what the runs find at standard input; empty: nothing
 * @param freshLoader whether runs use classes of their own, so that launches find no state of theirs
 * @param keepThreads whether threads that a run leaves behind may stay
 */
public record Warmup(
        List<List<String>> arguments,
        int runs,
        long limitSeconds,
        List<Integer> statuses,
        Optional<Path> input,
        boolean freshLoader,
        boolean keepThreads) {

    public Warmup {
        arguments = List.copyOf(arguments);
        statuses = List.copyOf(statuses);
    }
}
