// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cli.CommandFace;
import dev.undump.cli.FailureReport;
import dev.undump.cli.ReplacementProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump cache run}. */
@Command(
        name = "run",
        header = "Runs a program, from its image if there is one.",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump cache run [OPTION] ... -- PROGRAM [ARG] ...",
        description = {
            "",
            "The program takes the place of this process: it has its pid, parent, terminal, standard files, signals and environment, and"
                    + " its exit status is the program's. When there is no image yet, a process beside it makes one as soon as the"
                    + " program is warm; the program goes on meanwhile. Whatever fails in that is one warning at most.",
            ""
        },
        exitCodeListHeading = "%nExit status: the program's own, or:%n",
        exitCodeList = {
            "2:wrong usage",
            "125:the image could not be restored on this machine; one line on standard error says why",
            "126:the program cannot be run",
            "127:the program was not found"
        })
final class CacheRunCommand implements Callable<Integer> {

    private static final int CANNOT_RUN = 126;
    private static final int NOT_FOUND = 127;

    @Mixin
    private CommandFace face;

    @Mixin
    private CacheChoices choices;

    @Option(names = "--wait", description = "The exit status is given only when the image is kept, or cannot be made.")
    private boolean wait;

    @Option(names = "--changed", hidden = true, description = "The image has found a change: run the program itself, and make the image anew.")
    private boolean changed;

    @Option(names = "--install", hidden = true, paramLabel = "FILE", description = "Where a copy of the image is to be put.")
    private Path install;

    @Parameters(arity = "1..*", paramLabel = "PROGRAM", description = "The program and its arguments. Put -- before it.")
    private List<String> words;

    @Override
    public Integer call() throws IOException {
        choices.readiness();
        choices.inputs();
        choices.fixedWords();
        UserCommand command = UserCommand.ofProcess(words);
        try {
            CachedRun run = new CachedRun(command, choices, wait, changed, Optional.ofNullable(install), face::warn);
            run.execute();
        } catch (IOException | RuntimeException e) {
            face.warn("running without the cache: " + FailureReport.message(e));
        } catch (OutOfMemoryError e) {
            face.warn("running without the cache: " + FailureReport.message(e));
        }
        return runPlain(command);
    }

    private int runPlain(UserCommand command) throws IOException {
        List<byte[]> bytes = command.bytes();
        Environment.forget();
        try {
            ReplacementProgram.executeFound(bytes.get(0), bytes);
            return CANNOT_RUN;
        } catch (IOException e) {
            boolean missing = "not found".equals(e.getMessage());
            face.complain(words.get(0) + ": " + e.getMessage());
            return missing ? NOT_FOUND : CANNOT_RUN;
        }
    }
}
