// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and credentials against Debian's nginx as docs/cache-remote.md sets it up. */
class EncryptedStoreIT {

    private static final String ADDRESS = "IP:127.0.0.1,DNS:localhost";

    @TempDir
    Path folder;

    private RemoteFixture fixture;
    private Certificates certificates;
    private Path users;

    @BeforeEach
    void makeCertificates() throws Exception {
        fixture = new RemoteFixture(folder, 200_000);
        certificates = new Certificates(folder.resolve("some certificates"));
        users = Files.writeString(folder.resolve("users"), "builder:{PLAIN}pass word\n");
    }

    private Nginx start(String name, Optional<Path> passwords, String serverLines) throws IOException {
        return Nginx.startEncrypted(
                fixture.server, certificates.folder.resolve(name + ".pem"), certificates.key(name), passwords, serverLines);
    }

    private Nginx startOpen(String name, String serverLines) throws IOException {
        return start(name, Optional.empty(), serverLines);
    }

    private static Map<String, String> password(String user, String password) {
        return Map.of("UNDUMP_REMOTE_USER", user, "UNDUMP_REMOTE_PASSWORD", password);
    }

    /** The settings as a user gives them: the authority in a file of properties, the rest in the environment. */
    private RemoteConfiguration configuration(Nginx nginx, Map<String, String> environment) throws IOException {
        Path file = Files.writeString(
                folder.resolve("remote.properties"), "ca = some certificates/authority.pem\nidle-timeout = 30\nconnect-timeout = 20\n");
        return RemoteConfiguration.read(Map.of("url", nginx.address().toString()), environment, Optional.of(file))
                .orElseThrow();
    }

    private void assertTls(RemoteConfiguration configuration, String words) throws IOException {
        RemoteFailure failure = fixture.failedFetch(configuration);
        assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.TLS);
        assertThat(failure).hasMessageContaining(words);
        assertThat(fixture.isCircuitOpen()).isTrue();
        fixture.closeCircuit();
    }

    @Test
    void rightCertificateAndPassword_storesAndFetches() throws Exception {
        certificates.sign("server", ADDRESS, 2);
        try (Nginx nginx = start("server", Optional.of(users), "")) {
            fixture.assertRoundTrip(configuration(nginx, password("builder", "pass word")));
        }
    }

    @Test
    void wrongOrMissingPassword_isNamed() throws Exception {
        certificates.sign("server", ADDRESS, 2);
        try (Nginx nginx = start("server", Optional.of(users), "")) {
            RemoteFailure missing = fixture.failedFetch(configuration(nginx, Map.of()));
            RemoteFailure wrong = fixture.failedFetch(configuration(nginx, password("builder", "sesame")));

            assertThat(missing.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(missing).hasMessageContaining("401").hasMessageContaining("none are set");
            assertThat(wrong.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(wrong).hasMessageContaining("user builder");
            assertThat(wrong.getMessage()).doesNotContain("sesame");
            assertThat(fixture.isCircuitOpen()).isFalse();
        }
    }

    @Test
    void bearerToken_isSent() throws Exception {
        certificates.sign("server", ADDRESS, 2);
        String lines = "if ($http_authorization != \"Bearer abc.def\") { return 403; }";
        try (Nginx nginx = startOpen("server", lines)) {
            Path token = Files.writeString(folder.resolve("token"), "abc.def\n");

            fixture.assertRoundTrip(configuration(nginx, Map.of("UNDUMP_REMOTE_TOKEN_FILE", token.toString())));
            RemoteFailure wrong = fixture.failedStore(configuration(nginx, Map.of("UNDUMP_REMOTE_TOKEN", "no.no")));
            assertThat(wrong.kind()).isEqualTo(Kind.UNAUTHORIZED);
            assertThat(wrong.getMessage()).contains("403").doesNotContain("no.no");
        }
    }

    @Test
    void certificateOfAnotherHost_isRefused() throws Exception {
        certificates.sign("other", "DNS:cache.example.org", 2);
        try (Nginx nginx = startOpen("other", "")) {
            assertTls(configuration(nginx, Map.of()), "its certificate is not for this host");
        }
    }

    @Test
    void certificateThatHasExpired_isRefused() throws Exception {
        certificates.sign("old", ADDRESS, -1);
        try (Nginx nginx = startOpen("old", "")) {
            assertTls(configuration(nginx, Map.of()), "its certificate has expired");
        }
    }

    @Test
    void certificateOfAnUnknownAuthority_isRefused() throws Exception {
        certificates.sign("server", ADDRESS, 2);
        Certificates others = new Certificates(folder.resolve("other certificates"));
        try (Nginx nginx = startOpen("server", "")) {
            assertTls(
                    configuration(nginx, Map.of("UNDUMP_REMOTE_CA", others.authority.toString())),
                    "signed by nobody that is trusted");
            // The JDK's own authorities do not know it either.
            assertTls(RemoteFixture.configuration(nginx.address()), "UNDUMP_REMOTE_CA");
        }
    }

    @Test
    void serverWithoutTls_isNamed() throws Exception {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            String address = nginx.address().toString().replace("http:", "https:");
            RemoteConfiguration configuration =
                    RemoteConfiguration.read(Map.of("url", address), Map.of(), Optional.empty()).orElseThrow();
            assertTls(configuration, "it does not speak TLS");
        }
    }

    @Test
    void clientCertificate_ofEitherForm_isShown() throws Exception {
        certificates.sign("server", ADDRESS, 2);
        Path client = certificates.sign("client", "DNS:client", 2);
        Path pkcs12 = certificates.pkcs12("client", "secret");
        String lines = "ssl_verify_client on; ssl_client_certificate \"" + certificates.authority + "\";";
        try (Nginx nginx = startOpen("server", lines)) {
            RemoteFailure without = fixture.failedFetch(configuration(nginx, Map.of()));
            assertThat(without).hasMessageContaining("No required SSL certificate was sent");

            fixture.assertRoundTrip(configuration(
                    nginx,
                    Map.of(
                            "UNDUMP_REMOTE_CERTIFICATE", client.toString(),
                            "UNDUMP_REMOTE_CERTIFICATE_KEY", certificates.key("client").toString())));
            fixture.assertRoundTrip(configuration(
                    nginx,
                    Map.of(
                            "UNDUMP_REMOTE_CERTIFICATE", pkcs12.toString(),
                            "UNDUMP_REMOTE_CERTIFICATE_PASSWORD", "secret")));
            RemoteFailure wrong = fixture.failedUse(() -> configuration(
                    nginx,
                    Map.of(
                            "UNDUMP_REMOTE_CERTIFICATE", pkcs12.toString(),
                            "UNDUMP_REMOTE_CERTIFICATE_PASSWORD", "sesame")));
            assertThat(wrong.kind()).isEqualTo(Kind.CONFIGURATION);
            assertThat(wrong).hasMessageContaining("PKCS #12").hasMessageContaining(pkcs12.toString());
        }
    }
}
