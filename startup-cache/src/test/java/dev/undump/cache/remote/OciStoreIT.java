// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Debian's docker-registry. */
class OciStoreIT {

    /** The password "secret" by bcrypt, which is all that the registry takes. */
    private static final String SECRET = "$2b$04$Z380mrAVVt1tMkZk1elCuuPCxg0KWNQ2aJS6q9CqsTTXb6dQNK5Re";

    @TempDir
    Path folder;

    private RemoteFixture fixture;

    @BeforeEach
    void makeImage() throws IOException {
        fixture = new RemoteFixture(folder);
    }

    private LoopbackServer start(String auth, String tls) throws IOException {
        int port = LoopbackServer.freePort();
        Path configuration = Files.writeString(
                fixture.server.resolve("registry.yml"),
                """
                version: 0.1
                log: {level: error}
                storage:
                  filesystem: {rootdirectory: "%s/registry"}
                  delete: {enabled: true}
                http:
                  addr: 127.0.0.1:%d
                %s
                %s
                """
                        .formatted(fixture.server, port, tls, auth));
        return LoopbackServer.start(fixture.server, port, "docker-registry", "serve", configuration.toString());
    }

    private static URI address(LoopbackServer server) {
        return URI.create("oci+http://127.0.0.1:" + server.port() + "/build/undump");
    }

    @Test
    void storeAndFetch_registryWithoutTls_givesTheImageBack() throws IOException {
        try (LoopbackServer server = start("", "")) {
            fixture.assertWorks(RemoteFixture.configuration(address(server)));
        }
    }

    @Test
    void fetch_layerFlippedAtRest_isRefused() throws IOException {
        try (LoopbackServer server = start("", "")) {
            RemoteConfiguration configuration = RemoteFixture.configuration(address(server));
            fixture.store(configuration);
            RemoteFixture.flip(largestFile(fixture.server.resolve("registry")));

            RemoteFailure failure = fixture.failedFetch(configuration);

            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.DAMAGED);
            assertThat(failure).hasMessageContaining("SHA-256");
        }
    }

    @Test
    void fetch_layerGone_isAMiss() throws IOException {
        try (LoopbackServer server = start("", "")) {
            RemoteConfiguration configuration = RemoteFixture.configuration(address(server));
            fixture.store(configuration);
            Files.delete(largestFile(fixture.server.resolve("registry")));

            assertThat(fixture.fetch(configuration)).isEmpty();
            fixture.assertNothingIncoming();
        }
    }

    @Test
    void password_rightWrongAndMissing() throws Exception {
        Certificates certificates = new Certificates(folder.resolve("certificates"));
        Path certificate = certificates.sign("server", "IP:127.0.0.1", 2);
        Path users = folder.resolve("users");
        Files.writeString(users, "builder:" + SECRET + "\n");
        String auth = "auth:\n  htpasswd: {realm: r, path: \"" + users + "\"}";
        String tls = "  tls: {certificate: \"" + certificate + "\", key: \"" + certificates.key("server") + "\"}";
        try (LoopbackServer server = start(auth, tls)) {
            String url = address(server).toString().replace("oci+http", "oci");
            Map<String, String> given = Map.of("url", url, "ca", certificates.authority.toString());

            fixture.assertRoundTrip(settings(given, "builder", "secret"));
            RemoteFailure wrong = fixture.failedFetch(settings(given, "builder", "sesame"));
            assertThat(wrong.kind()).as(wrong.getMessage()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(wrong.getMessage()).doesNotContain("sesame");
            RemoteFailure missing =
                    fixture.failedStore(RemoteConfiguration.read(given, Map.of(), Optional.empty()).orElseThrow());
            assertThat(missing.kind()).as(missing.getMessage()).isEqualTo(Kind.UNAUTHORIZED);
            RemoteFailure unknown = fixture.failedFetch(
                    RemoteConfiguration.read(Map.of("url", url), Map.of(), Optional.empty()).orElseThrow());
            assertThat(unknown.kind()).as(unknown.getMessage()).isEqualTo(Kind.TLS);
            assertThat(unknown).hasMessageContaining("UNDUMP_REMOTE_CA");
        }
    }

    private static RemoteConfiguration settings(Map<String, String> given, String user, String password)
            throws RemoteFailure {
        Map<String, String> environment = Map.of("UNDUMP_REMOTE_USER", user, "UNDUMP_REMOTE_PASSWORD", password);
        return RemoteConfiguration.read(given, environment, Optional.empty()).orElseThrow();
    }

    @Test
    void deadRegistry_costsOneAttempt() throws IOException {
        URI address = URI.create("oci+http://127.0.0.1:" + LoopbackServer.freePort() + "/undump");

        RemoteFailure first = fixture.failedFetch(RemoteFixture.configuration(address));

        assertThat(first.kind()).as(first.getMessage()).isEqualTo(Kind.UNREACHABLE);
        assertThat(first).hasMessageContaining("nothing listens there");
        assertThat(fixture.failedStore(RemoteFixture.configuration(address)).kind()).isEqualTo(Kind.CIRCUIT_OPEN);
    }

    @Test
    void silentRegistry_isGivenUpAfterTheIdleTimeout() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server, "", "limit_rate 1;")) {
            Files.createDirectories(fixture.server.resolve("files/v2/undump/manifests"));
            Files.write(
                    fixture.server.resolve("files/v2/undump/manifests/" + fixture.key.hex()), new byte[5000]);
            URI address = URI.create("oci+http://127.0.0.1:" + nginx.port() + "/undump");

            RemoteFailure failure =
                    fixture.failedFetch(RemoteFixture.with(RemoteConfiguration.of(address), RemoteFixture.QUICK));

            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.STALLED);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void registryThatRedirectsForEver_isGivenUp() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server, "", "return 302 $request_uri;")) {
            URI address = URI.create("oci+http://127.0.0.1:" + nginx.port() + "/undump");

            RemoteFailure failure =
                    fixture.failedFetch(RemoteFixture.with(RemoteConfiguration.of(address), RemoteFixture.QUICK));

            assertThat(failure.kind()).as(failure.getMessage()).isIn(Kind.STALLED, Kind.REFUSED, Kind.UNREACHABLE);
        }
    }

    private static Path largestFile(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> found = files.filter(Files::isRegularFile).toList();
            Path largest = found.get(0);
            for (Path file : found) {
                if (Files.size(file) > Files.size(largest)) {
                    largest = file;
                }
            }
            return largest;
        }
    }
}
