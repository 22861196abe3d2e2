// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Digest;
import dev.undump.cache.Entry;
import dev.undump.cache.LocalStore;
import dev.undump.cache.key.CacheKey;
import dev.undump.cache.key.KeyChange;
import dev.undump.cache.key.KeyPart;
import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.Printable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump cache explain}. */
@Command(
        name = "explain",
        header = "Tells what a command's image depends on, and why there is none.",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump cache explain [OPTION] ... -- PROGRAM [ARG] ...",
        description = {
            "",
            "Says what \"undump cache run\" with the same options would do now, in which parts the key differs from the last one of that"
                    + " command line, why no image could be made, and all parts of the key.",
            ""
        })
final class ExplainCommand implements Callable<Integer> {

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
        CacheKey key = CommandKey.of(UserCommand.ofProcess(words), choices, Path.of("").toAbsolutePath(), store.fileDigests())
                .orElseThrow(() -> new CommandFailure("looking for " + words.get(0) + ": it was not found"));
        Optional<Entry> entry = store.find(key.digest());
        if (entry.isPresent()) {
            tellHit(store, entry.get());
        } else {
            tellMiss(store, key);
        }
        face.say("key " + key.digest());
        for (KeyPart part : key.parts()) {
            face.say("  " + Printable.line(part.name() + " = " + part.value()));
        }
        return ExitStatus.DONE;
    }

    private void tellHit(LocalStore store, Entry entry) throws IOException {
        List<String> changes = InputReport.changes(store.image(entry));
        Path image = store.image(entry);
        if (changes.isEmpty()) {
            face.say("a hit: " + image);
            return;
        }
        face.say("a miss: what the image depends on has changed; the next run makes it anew");
        changes.forEach(change -> face.say("  " + Printable.line(change)));
    }

    private void tellMiss(LocalStore store, CacheKey key) throws IOException {
        FailureNotes failures = FailureNotes.of(store.root());
        Optional<String> failure = failures.reason(key.digest());
        Optional<String> before = store.remembered(key.commandLine());
        if (failure.isPresent()) {
            face.say("a miss: no image could be made: " + Printable.line(failure.get()));
            if (failures.isRecent(key.digest())) {
                face.say("  another attempt is made ten minutes after that one, or after \"undump cache clear\"");
            }
        } else if (before.isEmpty()) {
            face.say("a miss: this command line has not been run through the cache");
        } else {
            tellDifference(CacheKey.parse(before.get()), key);
        }
    }

    private void tellDifference(CacheKey before, CacheKey now) {
        List<KeyChange> changes = KeyChange.between(before, now);
        if (changes.isEmpty()) {
            Digest key = now.digest();
            face.say("a miss: the command line was run, but no image was kept under its key " + key.hex().substring(0, 12)
                    + ": the program ended before it was ready, is still being captured, or the image was removed (undump cache gc)");
            return;
        }
        face.say("a miss: since the command line was run last");
        changes.forEach(change -> face.say("  " + Printable.line(change.inWords())));
    }
}
