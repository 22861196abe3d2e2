// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import java.util.List;
import java.util.Optional;

/**
 * What the user has decided about inputs: the files whose state the program has seen.
 *
 * @param checked false: launches do not look at them
 * @param program absolute path of what runs when one has changed; empty: what the checkpoint says
 * @param words its argv, the first of them its name; not empty when there is a program
 * @param takesArguments whether those of the launch follow; empty: those of a command do
 */
public record InputPolicy(
        boolean checked, Optional<NativeText> program, List<NativeText> words, Optional<Boolean> takesArguments) {

    /** Nothing decided. */
    public static final InputPolicy DEFAULT = new InputPolicy(true, Optional.empty(), List.of(), Optional.empty());

    public InputPolicy {
        words = List.copyOf(words);
        if (program.isPresent() == words.isEmpty()) {
            throw new IllegalArgumentException("a fallback has a program and words");
        }
    }
}
