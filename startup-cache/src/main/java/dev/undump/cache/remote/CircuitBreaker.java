// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;

/**
 * Remembers, for all processes that use one local store, that a server failed, so that it costs one time-out and not one for each
 * command. After a minute one process tries again; with each failure in a row the pause doubles, up to 16 minutes.
 *
 * <p>The state is one small file, replaced by renaming. Where it cannot be kept, as in a read-only store, there is no breaker.
 */
final class CircuitBreaker {

    static final Duration FIRST_PAUSE = Duration.ofMinutes(1);
    private static final int DOUBLINGS = 4;
    /** How long others leave the server to the one that tries again. */
    private static final Duration PROBE = Duration.ofSeconds(30);

    /** Why a server is left alone, and until when. */
    record Open(Instant until, String reason) {}

    private final Path file;
    private final Clock clock;

    CircuitBreaker(Path folder, String address, Clock clock) {
        String name = Digest.of(address.getBytes(StandardCharsets.UTF_8)).hex().substring(0, 32);
        this.file = folder.resolve(name + ".circuit");
        this.clock = clock;
    }

    /** Returns why the server is not to be asked now; empty when it may be, which makes this process the one that tries. */
    Optional<Open> check() {
        Properties state = read();
        int failures = number(state, "failures");
        if (failures == 0) {
            return Optional.empty();
        }
        Instant now = clock.instant();
        Instant until = Instant.ofEpochMilli(longNumber(state, "until"));
        // A clock that was set back must not close the way for longer than the longest pause.
        if (now.isBefore(until) && !until.isAfter(now.plus(pause(DOUBLINGS + 1)))) {
            return Optional.of(new Open(until, state.getProperty("reason", "it failed")));
        }
        write(failures, now.plus(PROBE), state.getProperty("reason", "it failed"));
        return Optional.empty();
    }

    /** Notes a failure and returns how long the server is left alone. */
    Duration failed(String reason) {
        int failures = Math.min(number(read(), "failures"), DOUBLINGS) + 1;
        Duration pause = pause(failures);
        write(failures, clock.instant().plus(pause), reason);
        return pause;
    }

    /** Notes that the server answered. */
    void worked() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It stays, and the server is tried again when its pause is over.
            return;
        }
    }

    private static Duration pause(int failures) {
        return FIRST_PAUSE.multipliedBy(1L << Math.min(Math.max(failures - 1, 0), DOUBLINGS));
    }

    private Properties read() {
        Properties state = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            state.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            // None, or none that can be read: as if the server had never failed.
            return new Properties();
        }
        return state;
    }

    private void write(int failures, Instant until, String reason) {
        Properties state = new Properties();
        state.setProperty("failures", Integer.toString(failures));
        state.setProperty("until", Long.toString(until.toEpochMilli()));
        state.setProperty("reason", reason);
        Path written = null;
        try {
            Files.createDirectories(file.getParent());
            written = Files.createTempFile(file.getParent(), "circuit", ".new");
            try (Writer writer = Files.newBufferedWriter(written)) {
                state.store(writer, null);
            }
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            discard(written);
        }
    }

    private static void discard(Path written) {
        try {
            if (written != null) {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            // What could be neither written nor deleted is left to the store's collection.
            return;
        }
    }

    private static int number(Properties state, String name) {
        return (int) Math.max(0, Math.min(longNumber(state, name), Integer.MAX_VALUE));
    }

    private static long longNumber(Properties state, String name) {
        try {
            return Long.parseLong(state.getProperty(name, "0"));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
