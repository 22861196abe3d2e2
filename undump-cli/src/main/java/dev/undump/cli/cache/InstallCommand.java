// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Entry;
import dev.undump.cache.LocalStore;
import dev.undump.cache.key.CacheKey;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.Installed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump cache install}. */
@Command(
        name = "install",
        header = "Makes a command that is warm and starts without undump.",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump cache install NAME [OPTION] ... -- PROGRAM [ARG] ...",
        description = {
            "",
            "Writes an executable NAME that does what PROGRAM does: the image itself, if there is one, else a script that makes one when it is"
                    + " first called, and that the image then replaces. When a file that the image depends on changes, the next call runs"
                    + " PROGRAM and makes the image anew, and the one after it is quick again.",
            "",
            "With --ready api, arguments of a call follow those of PROGRAM. Of a program that resumes, a call with arguments or in another"
                    + " directory runs PROGRAM itself.",
            ""
        })
final class InstallCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Mixin
    private CacheChoices choices;

    @Option(names = "--as", paramLabel = "NAME", description = "The file's name. Default: NAME.")
    private String as;

    @Option(names = "--dir", paramLabel = "DIR", description = "Where it is put. Default: bin in the cache's folder.")
    private Path dir;

    @Parameters(index = "0", paramLabel = "NAME", description = "What the command is called.")
    private String name;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "PROGRAM", description = "The program and its arguments. Put -- before it.")
    private List<String> words;

    @Override
    public Integer call() throws IOException {
        String file = Optional.ofNullable(as).orElse(name);
        if (file.isEmpty() || file.contains("/") || file.equals(".") || file.equals("..")) {
            throw face.wrongUsage("NAME is the name of a file, not \"" + file + "\"; --dir says where it is put");
        }
        boolean makesCommand = choices.readiness().makesCommand();
        choices.inputs();
        UserCommand given = UserCommand.ofProcess(words);
        UserCommand command = makesCommand ? new UserCommand(given.first(choices.fixedWords())) : given;
        LocalStore store = KeptStore.open(face::warn);
        Path directory = Path.of("").toAbsolutePath();
        CacheKey key = CommandKey.of(command, choices, directory, store.fileDigests())
                .orElseThrow(() -> new CommandFailure("installing " + words.get(0) + ": it was not found"));
        Path target = Optional.ofNullable(dir).orElseGet(() -> store.root().resolve("bin")).toAbsolutePath().resolve(file);
        Optional<Entry> entry = store.find(key.digest());
        if (entry.isPresent() && makesCommand) {
            InstalledFile.putImage(store.image(entry.get()), target);
        } else {
            InstalledFile.putScript(run(command, target), command.words(), target);
        }
        face.say("undump: wrote " + target + (entry.isPresent() && makesCommand ? "" : "; its first call makes the image"));
        return ExitStatus.DONE;
    }

    private List<String> run(UserCommand command, Path target) {
        List<String> run = new ArrayList<>(List.of(Installed.find().undump().toString(), "cache", "run"));
        if (choices.readiness().makesCommand()) {
            run.addAll(List.of("--install", target.toString()));
        }
        run.addAll(choices.words());
        run.add("--");
        run.addAll(command.words());
        return run;
    }
}
