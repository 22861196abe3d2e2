// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Bazel protocol against Debian's nginx, which is right and is wrong in every way that it can be told to. */
class BazelStoreIT {

    @TempDir
    Path folder;

    private RemoteFixture fixture;

    @BeforeEach
    void makeImage() throws IOException {
        fixture = new RemoteFixture(folder);
    }

    @Test
    void storeAndFetch_documentedServer_givesTheImageBack() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            fixture.assertWorks(RemoteFixture.configuration(nginx.address()));
        }
    }

    @Test
    void store_entry_readsAsAnActionResultToProtoc() throws Exception {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            fixture.store(RemoteFixture.configuration(nginx.address()));
            byte[] entry = Files.readAllBytes(nginx.stored().resolve("ac/" + fixture.key.hex()));
            Path object = onlyFile(nginx.stored().resolve("cas"));

            String decoded =
                    new String(Programs.run(folder, entry, "protoc", "--decode_raw"), StandardCharsets.UTF_8);

            assertThat(decoded.lines().limit(8))
                    .containsExactly(
                            "2 {",
                            "  1: \"image\"",
                            "  2 {",
                            "    1: \"" + object.getFileName() + "\"",
                            "    2: " + Files.size(object),
                            "  }",
                            "  4: 1",
                            "}");
            assertThat(decoded.lines().skip(8).filter(line -> !line.startsWith("5: ")))
                    .containsExactly("9 {", "  1: \"undump\"", "}");
            assertThat(Digest.of(Files.readAllBytes(object)).hex()).isEqualTo(object.getFileName().toString());
        }
    }

    @Test
    void fetch_objectGone_isAMiss() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Files.delete(onlyFile(nginx.stored().resolve("cas")));

            assertThat(fixture.fetch(configuration)).isEmpty();
            fixture.assertNothingIncoming();
        }
    }

    @Test
    void fetch_bitFlippedAtRest_isRefusedAndStoringMendsIt() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            RemoteFixture.flip(onlyFile(nginx.stored().resolve("cas")));

            assertDamaged(fixture.failedFetch(configuration));
            fixture.assertRoundTrip(configuration);
        }
    }

    @Test
    void fetch_everyTruncationOfTheObject_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Path object = onlyFile(nginx.stored().resolve("cas"));
            byte[] bytes = Files.readAllBytes(object);
            for (int length : new int[] {0, 1, 3, bytes.length / 2, bytes.length - 5, bytes.length - 1}) {
                Files.write(object, Arrays.copyOf(bytes, length));
                assertDamaged(fixture.failedFetch(configuration));
            }
            Files.write(object, Arrays.copyOf(bytes, bytes.length + 1));
            assertDamaged(fixture.failedFetch(configuration));
        }
    }

    @Test
    void fetch_everyTruncationOfTheEntry_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Path entry = nginx.stored().resolve("ac/" + fixture.key.hex());
            byte[] bytes = Files.readAllBytes(entry);
            for (int length = 0; length < bytes.length - "9..undump".length(); length += 7) {
                Files.write(entry, Arrays.copyOf(bytes, length));
                assertDamaged(fixture.failedFetch(configuration));
            }
        }
    }

    @Test
    void fetch_entryThatLies_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Path entry = nginx.stored().resolve("ac/" + fixture.key.hex());
            ActionResult right = ActionResult.decode(Files.readAllBytes(entry));
            long size = fixture.content.length;
            Digest other = Digest.of(new byte[] {1});

            lie(entry, right.object(), new StoredImage(fixture.key, other, size, fixture.facts));
            assertThat(fixture.failedFetch(configuration)).hasMessageContaining("the SHA-256 of the image is ");
            lie(entry, right.object(), new StoredImage(fixture.key, fixture.digest, size + 1, fixture.facts));
            assertThat(fixture.failedFetch(configuration)).hasMessageContaining("its entry says " + (size + 1));
            lie(entry, right.object(), new StoredImage(fixture.key, fixture.digest, size - 1, fixture.facts));
            assertThat(fixture.failedFetch(configuration)).hasMessageContaining("longer than the " + (size - 1));
            lie(entry, right.object(), new StoredImage(other, fixture.digest, size, fixture.facts));
            assertThat(fixture.failedFetch(configuration)).hasMessageContaining("is that of key " + other);
            CompressedObject longer = new CompressedObject(right.object().digest(), right.object().sizeBytes() + 1);
            lie(entry, longer, new StoredImage(fixture.key, fixture.digest, size, fixture.facts));
            assertDamaged(fixture.failedFetch(configuration));
        }
    }

    @Test
    void fetch_bitFlippedOnTheWay_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server);
                BreakingProxy proxy = BreakingProxy.start(nginx.port(), BreakingProxy.Fault.FLIP)) {
            fixture.store(RemoteFixture.configuration(nginx.address()));

            assertDamaged(fixture.failedFetch(RemoteFixture.configuration(proxy.address())));
        }
    }

    @Test
    void fetch_connectionThatEndsEarly_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server);
                BreakingProxy proxy = BreakingProxy.start(nginx.port(), BreakingProxy.Fault.CUT)) {
            fixture.store(RemoteFixture.configuration(nginx.address()));

            RemoteFailure failure = fixture.failedFetch(RemoteFixture.configuration(proxy.address()));

            assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat(failure).hasMessageContaining("the connection broke after ");
        }
    }

    @Test
    void fetch_serverKilledInTheMiddle_isRefused() throws Exception {
        try (Nginx nginx = Nginx.start(fixture.server, "", "limit_rate 100k;")) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Thread killer = new Thread(() -> {
                awaitIncomingBytes();
                nginx.kill();
            });
            killer.start();

            RemoteFailure failure = fixture.failedFetch(configuration);

            killer.join();
            assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
            assertThat(failure).hasMessageContaining("the connection broke after ");
            assertThat(fixture.isCircuitOpen()).isTrue();
        }
    }

    private void awaitIncomingBytes() {
        try {
            while (true) {
                try (Stream<Path> files = Files.list(fixture.incoming)) {
                    for (Path file : files.toList()) {
                        if (Files.size(file) > 0) {
                            return;
                        }
                    }
                }
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void fetch_serverOfOneByteASecond_isGivenUpAfterTheIdleTimeout() throws IOException {
        try (Nginx unlimited = Nginx.start(fixture.server)) {
            fixture.store(RemoteFixture.configuration(unlimited.address()));
        }
        try (Nginx nginx = Nginx.start(fixture.server, "", "limit_rate 1;")) {
            RemoteConfiguration configuration =
                    RemoteFixture.with(RemoteConfiguration.of(nginx.address()), RemoteFixture.QUICK);
            long start = System.nanoTime();

            RemoteFailure failure = fixture.failedFetch(configuration);

            assertThat(failure.kind()).isEqualTo(Kind.STALLED);
            assertThat(failure).hasMessageContaining("in 2 s (idle-timeout)").hasMessageContaining("left alone for 1 min");
            assertThat((System.nanoTime() - start) / 1_000_000).isBetween(1_900L, 10_000L);
            assertThat(fixture.failedFetch(configuration).kind()).isEqualTo(Kind.CIRCUIT_OPEN);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void store_limitOnSizes_isNamed() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server, "", "client_max_body_size 1k;")) {
            RemoteFailure failure = fixture.failedStore(RemoteFixture.configuration(nginx.address()));

            assertThat(failure.kind()).isEqualTo(Kind.TOO_LARGE);
            assertThat(failure).hasMessageContaining("413").hasMessageContaining("client_max_body_size");
            assertThat(fixture.isCircuitOpen()).isFalse();
        }
    }

    @Test
    void statuses_ofARealServer_areNamed() throws IOException {
        assertStatus("return 500;", Kind.SERVER, "500");
        assertStatus("return 503;", Kind.SERVER, "503");
        assertStatus("deny all;", Kind.UNAUTHORIZED, "403");
        assertStatus("return 418;", Kind.REFUSED, "418");
        assertStatus("return 302 http://127.0.0.2:1/elsewhere;", Kind.REDIRECTED, "redirects to http://127.0.0.2:1/");
        assertStatus("return 302 /undump$uri;", Kind.REDIRECTED, "more than 3 times");
    }

    private void assertStatus(String line, Kind kind, String words) throws IOException {
        fixture.closeCircuit();
        try (Nginx nginx = Nginx.start(fixture.server, "", line)) {
            RemoteFailure failure = fixture.failedFetch(RemoteFixture.configuration(nginx.address()));
            assertThat(failure.kind()).as(line).isEqualTo(kind);
            assertThat(failure).hasMessageContaining(words);
            assertThat(fixture.isCircuitOpen()).as(line).isEqualTo(kind == Kind.SERVER);
        }
    }

    @Test
    void redirect_withinTheServer_isFollowed() throws IOException {
        String elsewhere = "location /old/ { rewrite ^/old/(.*)$ /undump/$1 redirect; }";
        try (Nginx nginx = Nginx.start(fixture.server, elsewhere, "")) {
            fixture.store(RemoteFixture.configuration(nginx.address()));

            fixture.assertFetched(fixture.fetch(RemoteFixture.configuration(nginx.address().resolve("/old"))));
        }
    }

    @Test
    void store_serverThatCannotStore_isNamed() throws IOException {
        String readOnly = "location /undump/ { limit_except GET { deny all; } }";
        try (Nginx nginx = Nginx.start(fixture.server, readOnly, "")) {
            assertThat(fixture.failedStore(RemoteFixture.configuration(nginx.address())).kind())
                    .isEqualTo(Kind.UNAUTHORIZED);
        }
        try (Nginx nginx = Nginx.start(fixture.server, "location /undump/ { }", "")) {
            RemoteFailure failure = fixture.failedStore(RemoteFixture.configuration(nginx.address()));
            assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
            assertThat(failure).hasMessageContaining("405").hasMessageContaining("dav_methods PUT");
        }
    }

    @Test
    void deadServer_costsOneAttempt() throws IOException {
        URI address = URI.create("http://127.0.0.1:" + LoopbackServer.freePort() + "/undump");
        RemoteConfiguration configuration = RemoteFixture.configuration(address);

        RemoteFailure first = fixture.failedFetch(configuration);
        RemoteFailure second = fixture.failedFetch(configuration);
        RemoteFailure third = fixture.failedStore(configuration);

        assertThat(first.kind()).isEqualTo(Kind.UNREACHABLE);
        assertThat(first).hasMessageContaining("nothing listens there").hasMessageContaining("left alone for 1 min");
        assertThat(second.kind()).isEqualTo(Kind.CIRCUIT_OPEN);
        assertThat(second).hasMessageContaining("nothing listens there");
        assertThat(third.kind()).isEqualTo(Kind.CIRCUIT_OPEN);
    }

    @Test
    void fetch_hostThatDoesNotExist_isNamed() throws IOException {
        RemoteFailure failure =
                fixture.failedFetch(RemoteFixture.configuration(URI.create("http://no-such-host.invalid/undump")));

        assertThat(failure.kind()).isEqualTo(Kind.UNREACHABLE);
        assertThat(failure).hasMessageContaining("no host of that name");
    }

    @Test
    void store_imageThatChanged_isNotSent() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            Files.write(fixture.image, new byte[] {1, 2, 3});

            RemoteFailure failure = fixture.failedStore(RemoteFixture.configuration(nginx.address()));

            assertThat(failure.kind()).isEqualTo(Kind.LOCAL);
            assertThat(nginx.stored()).doesNotExist();
        }
    }

    @Test
    void store_commandOfAnyLength_canBeFetched() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteStore store = fixture.open(RemoteFixture.configuration(nginx.address()));
            EntryFacts facts = new EntryFacts("x".repeat(3 << 20), fixture.facts.cold(), "0.1.0", Optional.empty());

            store.store(fixture.key, fixture.image, fixture.digest, facts);

            RemoteImage fetched = store.fetch(fixture.key, fixture.incoming).orElseThrow();
            assertThat(fetched.facts().command()).hasSizeLessThan(5000);
        }
    }

    private static void lie(Path entry, CompressedObject object, StoredImage stored) throws IOException {
        Files.write(entry, new ActionResult(object, stored.toJson().getBytes(StandardCharsets.UTF_8)).encode());
    }

    private static void assertDamaged(RemoteFailure failure) {
        assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.DAMAGED);
    }

    static Path onlyFile(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.toList();
            assertThat(found).hasSize(1);
            return found.get(0);
        }
    }
}
