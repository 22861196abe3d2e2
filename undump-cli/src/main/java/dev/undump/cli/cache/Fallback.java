// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.checkpoint.NativeText;
import dev.undump.plan.InputPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a launch does that finds a file changed: it comes back to {@code undump cache run}, which runs the command and captures it anew.
 * Where undump is gone, the command runs alone.
 */
final class Fallback {

    private static final String SHELL = "/bin/sh";

    /** $0 is where undump was; the number says how many words are for it alone. */
    private static final String SCRIPT =
            "n=$1; shift; u=$0; [ -x \"$u\" ] || u=$(command -v undump) || { shift \"$n\"; exec \"$@\"; }; exec \"$u\" \"$@\"";

    private Fallback() {}

    /** Returns the words, from the shell on. */
    static List<String> words(CaptureJob job) {
        List<String> own = new ArrayList<>(List.of("cache", "run", "--changed"));
        job.install().ifPresent(file -> own.addAll(List.of("--install", file.toString())));
        own.addAll(job.choices());
        own.add("--");
        List<String> words = new ArrayList<>(
                List.of(SHELL, "-c", SCRIPT, job.launcher().toString(), Integer.toString(own.size())));
        words.addAll(own);
        words.addAll(job.ready().makesCommand() ? job.command().first(job.fixedWords()) : job.command().words());
        return words;
    }

    static InputPolicy policy(CaptureJob job) {
        List<NativeText> words = words(job).stream()
                .map(word -> NativeText.copyOf(UserCommand.encode(word)))
                .toList();
        return new InputPolicy(true, Optional.of(NativeText.of(SHELL)), words, Optional.of(job.ready().makesCommand()));
    }
}
