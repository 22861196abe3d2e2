// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** An image, its key, and a folder for a server and a local store, with a blank in its name. */
final class RemoteFixture {

    /** For servers that work, on machines with other things to do. */
    static final Timeouts PATIENT = new Timeouts(Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(60));

    /** For servers that do not. */
    static final Timeouts QUICK = new Timeouts(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(30));

    final Path server;
    final Path local;
    final Path incoming;
    final Path image;
    final byte[] content;
    final Digest key;
    final Digest digest;
    final EntryFacts facts = new EntryFacts("javac -version", Duration.ofMillis(840), "0.1.0", Optional.empty());

    RemoteFixture(Path folder) throws IOException {
        this(folder, 3 << 20);
    }

    RemoteFixture(Path folder, int imageBytes) throws IOException {
        server = Files.createDirectories(folder.resolve("a server"));
        local = Files.createDirectories(folder.resolve("a store"));
        incoming = Files.createDirectories(local.resolve("tmp"));
        content = new byte[imageBytes];
        new Random(imageBytes).nextBytes(content);
        image = Files.write(folder.resolve("an image"), content);
        digest = Digest.of(content);
        key = Digest.of(("key of " + folder).getBytes(StandardCharsets.UTF_8));
    }

    static RemoteConfiguration configuration(URI address) {
        return with(RemoteConfiguration.of(address), PATIENT);
    }

    static RemoteConfiguration with(RemoteConfiguration base, Timeouts timeouts) {
        return new RemoteConfiguration(
                base.address(), base.credentials(), base.tls(), timeouts, base.trust(), base.signing());
    }

    static RemoteConfiguration with(RemoteConfiguration base, Credentials credentials, TlsFiles tls) {
        return new RemoteConfiguration(base.address(), credentials, tls, base.timeouts(), base.trust(), base.signing());
    }

    RemoteStore open(RemoteConfiguration configuration) throws RemoteFailure {
        return RemoteStore.open(configuration, local);
    }

    void store(RemoteConfiguration configuration) throws RemoteFailure {
        open(configuration).store(key, image, digest, facts);
    }

    Optional<RemoteImage> fetch(RemoteConfiguration configuration) throws RemoteFailure {
        return open(configuration).fetch(key, incoming);
    }

    /** Stores and fetches, and takes a close look at what came back. */
    void assertRoundTrip(RemoteConfiguration configuration) throws IOException {
        store(configuration);
        assertFetched(fetch(configuration));
    }

    /** A miss, a round trip, and one more over what is there. */
    void assertWorks(RemoteConfiguration configuration) throws IOException {
        assertThat(fetch(configuration)).isEmpty();
        assertRoundTrip(configuration);
        assertRoundTrip(configuration);
        assertThat(isCircuitOpen()).isFalse();
    }

    /** Turns one bit in the middle of a file of the server. */
    static void flip(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }

    void assertFetched(Optional<RemoteImage> fetched) throws IOException {
        RemoteImage found = fetched.orElseThrow();
        assertThat(found.file()).hasParent(incoming).hasBinaryContent(content);
        assertThat(Files.isExecutable(found.file())).isTrue();
        assertThat(found.image()).isEqualTo(digest);
        assertThat(found.sizeBytes()).isEqualTo(content.length);
        assertThat(found.facts().command()).isEqualTo(facts.command());
        assertThat(found.facts().cold()).isEqualTo(facts.cold());
        assertThat(found.facts().undumpVersion()).isEqualTo(facts.undumpVersion());
        Files.delete(found.file());
        assertNothingIncoming();
    }

    /** Returns the failure of a fetch that leaves nothing behind. */
    RemoteFailure failedFetch(RemoteConfiguration configuration) throws IOException {
        RemoteFailure failure = catchThrowableOfType(RemoteFailure.class, () -> fetch(configuration));
        assertNothingIncoming();
        return checked(failure, "fetching ", "the command runs without that image");
    }

    RemoteFailure failedStore(RemoteConfiguration configuration) throws IOException {
        RemoteFailure failure = catchThrowableOfType(RemoteFailure.class, () -> store(configuration));
        assertNothingIncoming();
        return checked(failure, "storing ", "the image stays in the local cache only");
    }

    interface Settings {
        RemoteConfiguration read() throws IOException;
    }

    /** Returns the failure of settings that cannot work, wherever that shows. */
    RemoteFailure failedUse(Settings settings) {
        return catchThrowableOfType(RemoteFailure.class, () -> fetch(settings.read()));
    }

    private static RemoteFailure checked(RemoteFailure failure, String beginning, String consequence) {
        assertThat(failure).isNotNull();
        assertThat(failure.getMessage()).startsWith(beginning).contains(consequence).doesNotContain("\n");
        return failure;
    }

    void assertNothingIncoming() throws IOException {
        try (Stream<Path> files = Files.list(incoming)) {
            assertThat(files.toList()).isEqualTo(List.of());
        }
    }

    /** Forgets that a server failed. */
    void closeCircuit() throws IOException {
        Path state = local.resolve("remote");
        if (Files.isDirectory(state)) {
            try (Stream<Path> files = Files.list(state)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    boolean isCircuitOpen() throws IOException {
        Path state = local.resolve("remote");
        if (!Files.isDirectory(state)) {
            return false;
        }
        try (Stream<Path> files = Files.list(state)) {
            return files.findAny().isPresent();
        }
    }
}
