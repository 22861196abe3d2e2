// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** A store in a folder, a clock that can be set, and images for it. */
final class Stores {

    /** Can be set, also back. */
    static final class Hand extends Clock {
        private Instant now = Instant.now();

        void set(Instant time) {
            now = time;
        }

        void advance(Duration duration) {
            now = now.plus(duration);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    final Path root;
    final Path folder;
    final Hand clock = new Hand();
    final List<String> warnings = new ArrayList<>();
    final LocalStore store;

    Stores(Path folder) throws IOException {
        this(folder, new Disk());
    }

    Stores(Path folder, Disk disk) throws IOException {
        this.folder = folder;
        this.root = folder.resolve("the cache");
        this.store = new LocalStore(root, disk, clock, warnings::add);
    }

    static Digest key(String name) {
        return Digest.of(name.getBytes(UTF_8));
    }

    static EntryFacts facts(String command) {
        return new EntryFacts(command, Duration.ofMillis(1500), "0.1.0", Optional.empty());
    }

    /** Writes a file outside of the store. */
    Path image(String seed, int sizeBytes) throws IOException {
        return Files.write(folder.resolve("image " + seed), content(seed, sizeBytes));
    }

    static byte[] content(String seed, int sizeBytes) {
        byte[] content = new byte[sizeBytes];
        new Random(seed.hashCode()).nextBytes(content);
        return content;
    }

    Entry publish(String name, int sizeBytes) throws IOException {
        return store.publish(key(name), image(name, sizeBytes), facts("run " + name));
    }

    /** Returns the regular files below a folder of the store. */
    List<Path> files(String below) throws IOException {
        if (!Files.exists(root.resolve(below))) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root.resolve(below))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
