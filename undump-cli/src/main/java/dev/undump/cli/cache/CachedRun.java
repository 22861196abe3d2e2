// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Claim;
import dev.undump.cache.Digest;
import dev.undump.cache.Entry;
import dev.undump.cache.LocalStore;
import dev.undump.cache.Outcome;
import dev.undump.cache.key.CacheKey;
import dev.undump.cli.FailureReport;
import dev.undump.cli.ReplacementProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** One run of a command through the cache: from its image, or captured on the way, or as it is. */
final class CachedRun {

    private final UserCommand command;
    private final CacheChoices choices;
    private final boolean wait;
    private final boolean changed;
    private final Optional<Path> install;
    private final Consumer<String> warn;
    private final Path directory = Path.of("").toAbsolutePath();

    /**
     * Prepares.
     *
     * @param wait whether the command's end shows only when the image is kept
     * @param changed whether an image was just left because of a change
     * @param warn takes one line
     */
    CachedRun(UserCommand command, CacheChoices choices, boolean wait, boolean changed, Optional<Path> install, Consumer<String> warn) {
        this.command = command;
        this.choices = choices;
        this.wait = wait;
        this.changed = changed;
        this.install = install;
        this.warn = warn;
    }

    /**
     * Replaces this process. Returns when the command is to be run as it is.
     *
     * @throws IOException if something of ours does not work; the command is to be run as it is
     */
    void execute() throws IOException {
        LocalStore store = KeptStore.open(warn);
        Optional<CacheKey> found = CommandKey.of(command, choices, directory, store.fileDigests());
        if (found.isEmpty()) {
            return;
        }
        CacheKey key = found.get();
        if (changed) {
            store.forget(key.digest());
        } else {
            launch(store, key.digest());
        }
        store.remember(key.commandLine(), key.text());
        store.count(Outcome.MISS, Duration.ZERO);
        capture(store, key);
    }

    private void launch(LocalStore store, Digest key) throws IOException {
        Optional<Entry> entry = store.find(key);
        Outcome outcome = Outcome.HIT;
        if (entry.isEmpty()) {
            entry = fetch(store, key);
            outcome = Outcome.REMOTE_HIT;
        }
        if (entry.isEmpty()) {
            return;
        }
        Path image = store.image(entry.get());
        store.used(entry.get());
        store.count(outcome, entry.get().cold());
        List<byte[]> words = launchWords().stream().map(UserCommand::encode).toList();
        try (ReplacementProgram program = ReplacementProgram.open(image)) {
            program.executeAs(words);
        }
    }

    private Optional<Entry> fetch(LocalStore store, Digest key) {
        try {
            Optional<Remote> remote = Remote.open(choices, store);
            return remote.isEmpty() ? Optional.empty() : remote.get().fetch(key);
        } catch (IOException e) {
            warn.accept(FailureReport.message(e));
            return Optional.empty();
        }
    }

    /** A command is given its own arguments; of a program that resumes they are what ps shows. */
    private List<String> launchWords() {
        if (!choices.readiness().makesCommand()) {
            return command.words();
        }
        List<String> words = new ArrayList<>(command.first(1));
        words.addAll(command.behind(choices.fixedWords()));
        return words;
    }

    /** Where somebody else makes the image already, or it could not be made a moment ago, the command runs as it is. */
    private void capture(LocalStore store, CacheKey key) throws IOException {
        if (FailureNotes.of(store.root()).isRecent(key.digest())) {
            return;
        }
        Optional<Claim> claim = store.claim(key.digest());
        if (claim.isEmpty()) {
            return;
        }
        try {
            // Somebody may have made it between our look and our claim.
            if (!changed && store.find(key.digest()).isPresent()) {
                return;
            }
            new CaptureStart(command, choices, directory, install).execute(store.root(), key, claim.get().token(), wait);
        } finally {
            claim.get().close();
        }
    }
}
