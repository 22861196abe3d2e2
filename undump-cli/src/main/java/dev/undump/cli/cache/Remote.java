// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Digest;
import dev.undump.cache.Entry;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.LocalStore;
import dev.undump.cache.remote.RemoteConfiguration;
import dev.undump.cache.remote.RemoteImage;
import dev.undump.cache.remote.RemoteStore;
import dev.undump.image.InputStamps;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The store on another machine that options or the environment name, beside the local one. */
final class Remote {

    private static final String SETTINGS = "remote.properties";

    private final RemoteStore remote;
    private final LocalStore local;

    private Remote(RemoteStore remote, LocalStore local) {
        this.remote = remote;
        this.local = local;
    }

    /**
     * Opens it; nothing is asked of it yet.
     *
     * @return empty when none is named
     */
    static Optional<Remote> open(CacheChoices choices, LocalStore local) throws IOException {
        return open(choices.remote(), choices.signingKey(), choices.trustedKeys(), local);
    }

    /** Likewise by the words of a call, which {@link CacheChoices#words} made. */
    static Optional<Remote> open(List<String> words, LocalStore local) throws IOException {
        Again again = new Again();
        new CommandLine(again).parseArgs(words.toArray(String[]::new));
        return open(again.choices, local);
    }

    @Command
    private static final class Again {
        @Mixin
        private CacheChoices choices;
    }

    static Optional<Remote> open(Optional<String> url, Optional<Path> signingKey, List<Path> trusted, LocalStore local) throws IOException {
        Map<String, String> given = new HashMap<>();
        url.ifPresent(value -> given.put("url", value));
        signingKey.ifPresent(file -> given.put("sign", file.toString()));
        if (!trusted.isEmpty()) {
            given.put("trust", trusted.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
        }
        Optional<Path> settings = Optional.of(local.root().resolve(SETTINGS)).filter(Files::isRegularFile);
        Optional<RemoteConfiguration> configuration = RemoteConfiguration.read(given, System.getenv(), settings);
        return configuration.isEmpty()
                ? Optional.empty()
                : Optional.of(new Remote(RemoteStore.open(configuration.get(), local.root()), local));
    }

    /** Brings an image into the local store; empty when there is none, or none for the files of this machine. */
    Optional<Entry> fetch(Digest key) throws IOException {
        Optional<RemoteImage> image = remote.fetch(key, local.newPart().getParent());
        if (image.isEmpty()) {
            return Optional.empty();
        }
        Path file = image.get().file();
        try {
            if (InputStamps.renew(file).isPresent()) {
                return Optional.empty();
            }
            // A signature is over what the maker's machine says of files.
            EntryFacts facts = image.get().facts();
            return Optional.of(local.publish(key, file, new EntryFacts(facts.command(), facts.cold(), facts.undumpVersion(), Optional.empty())));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Sends an image of the local store. */
    void store(Entry entry) throws IOException {
        EntryFacts facts = new EntryFacts(entry.command(), entry.cold(), UndumpVersion.text(), entry.signature());
        remote.store(entry.key(), local.image(entry), entry.image(), facts);
    }

    String describe() {
        return remote.describe();
    }
}
