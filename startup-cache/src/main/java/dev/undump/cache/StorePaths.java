// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Where everything of a store lies; nothing else makes a path of a key. */
record StorePaths(Path root) {

    private static final int SHARD_DIGITS = 2;

    Path version() {
        return root.resolve("version");
    }

    Path images() {
        return root.resolve("cas");
    }

    Path image(Digest image) {
        return sharded(images(), image);
    }

    Path entries() {
        return root.resolve("ac");
    }

    Path entry(Digest key) {
        return sharded(entries(), key);
    }

    Path usedMarks() {
        return root.resolve("used");
    }

    Path used(Digest image) {
        return usedMarks().resolve(image.hex());
    }

    Path claims() {
        return root.resolve("claims");
    }

    Path claim(Digest key) {
        return claims().resolve(key.hex());
    }

    Path keys() {
        return root.resolve("keys");
    }

    Path key(Digest command) {
        return keys().resolve(command.hex());
    }

    Path digests() {
        return root.resolve("digests");
    }

    Path counters() {
        return root.resolve("stats");
    }

    Path quarantine() {
        return root.resolve("quarantine");
    }

    Path parts() {
        return root.resolve("tmp");
    }

    /** Returns a name that nobody has: who made it, so that a collection can tell whether that one still lives. */
    Path newPart(String kind) {
        return parts().resolve(ProcessIdentity.current().tag() + "." + unique() + "." + kind);
    }

    static String unique() {
        return Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
    }

    /** Returns the folders that a store consists of. */
    List<Path> folders() {
        return List.of(images(), entries(), usedMarks(), claims(), keys(), digests(), counters(), quarantine(), parts());
    }

    /** Reads a digest that is a file's name. */
    static Optional<Digest> digest(Path file) {
        String name = file.getFileName().toString();
        return Digest.isDigest(name) ? Optional.of(new Digest(name)) : Optional.empty();
    }

    private static Path sharded(Path folder, Digest digest) {
        return folder.resolve(digest.hex().substring(0, SHARD_DIGITS)).resolve(digest.hex());
    }
}
