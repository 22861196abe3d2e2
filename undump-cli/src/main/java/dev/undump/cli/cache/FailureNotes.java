// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Why no image could be made under a key: for people, and so that a program that cannot be captured is not slowed down again and again.
 */
final class FailureNotes {

    private static final Duration PAUSE = Duration.ofMinutes(10);

    private final Path folder;

    private FailureNotes(Path folder) {
        this.folder = folder;
    }

    static FailureNotes of(Path root) {
        return new FailureNotes(root.resolve("failures"));
    }

    void note(Digest key, String reason) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(key.hex()), reason + "\n");
    }

    void forget(Digest key) throws IOException {
        Files.deleteIfExists(folder.resolve(key.hex()));
    }

    void forgetAll() throws IOException {
        CaptureJob.delete(folder);
    }

    /** Returns the last reason. */
    Optional<String> reason(Digest key) throws IOException {
        try {
            return Optional.of(Files.readString(folder.resolve(key.hex())).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Whether it has failed a moment ago, so that it is too early for another attempt. */
    boolean isRecent(Digest key) throws IOException {
        try {
            Instant noted = Files.getLastModifiedTime(folder.resolve(key.hex())).toInstant();
            return noted.plus(PAUSE).isAfter(Instant.now());
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
