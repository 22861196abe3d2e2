// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.LocalStore;
import dev.undump.cache.key.CacheKey;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.FailureReport.CommandFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump cache pull}. */
@Command(
        name = "pull",
        header = "Fetches a command's image from a store on another machine.",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump cache pull [OPTION] ... -- PROGRAM [ARG] ...",
        description = {"", "The options are those with which the image was made.", ""})
final class PullCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Mixin
    private CacheChoices choices;

    @Parameters(arity = "1..*", paramLabel = "PROGRAM", description = "The program and its arguments. Put -- before it.")
    private List<String> words;

    @Override
    public Integer call() throws IOException {
        choices.readiness();
        choices.inputs();
        choices.fixedWords();
        LocalStore store = KeptStore.open(face::warn);
        Remote remote = Remote.open(choices, store)
                .orElseThrow(() -> new CommandFailure("looking for a remote store: none is named; say --remote URL or set UNDUMP_REMOTE"));
        CacheKey key = CommandKey.of(UserCommand.ofProcess(words), choices, Path.of("").toAbsolutePath(), store.fileDigests())
                .orElseThrow(() -> new CommandFailure("looking for " + words.get(0) + ": it was not found"));
        if (remote.fetch(key.digest()).isEmpty()) {
            throw new CommandFailure("fetching the image of key " + key.digest() + " from " + remote.describe() + ": it is not there");
        }
        face.say("fetched the image of key " + key.digest().hex().substring(0, 12));
        return ExitStatus.DONE;
    }
}
