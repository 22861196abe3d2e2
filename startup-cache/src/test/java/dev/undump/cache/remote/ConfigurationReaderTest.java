// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationReaderTest {

    @TempDir
    Path folder;

    private static RemoteConfiguration read(Map<String, String> environment) throws RemoteFailure {
        return RemoteConfiguration.read(Map.of(), environment, Optional.empty()).orElseThrow();
    }

    private static Map<String, String> remote(String... more) {
        Map<String, String> environment = new HashMap<>(Map.of("UNDUMP_REMOTE", "https://cache.example.org/undump/"));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return environment;
    }

    private static void assertRefused(Map<String, String> environment, String words) {
        assertThatThrownBy(() -> read(environment))
                .isInstanceOf(RemoteFailure.class)
                .hasMessageContaining(words)
                .hasMessageEndingWith("; the remote cache is not used");
    }

    @Test
    void read_noAddress_isNoConfiguration() throws RemoteFailure {
        assertThat(RemoteConfiguration.read(Map.of(), Map.of("UNDUMP_REMOTE_USER", "x"), Optional.empty()))
                .isEmpty();
    }

    @Test
    void read_addressOnly_hasTheDefaults() throws RemoteFailure {
        RemoteConfiguration configuration = read(remote());

        assertThat(configuration.address()).hasToString("https://cache.example.org/undump");
        assertThat(configuration.credentials().header()).isEmpty();
        assertThat(configuration.timeouts()).isEqualTo(Timeouts.DEFAULT);
        assertThat(configuration.trust().isEmpty()).isTrue();
    }

    @Test
    void read_sources_countInTheirOrder() throws IOException {
        Path secret = Files.writeString(folder.resolve("secret"), "from the file\n");
        Path file = Files.writeString(
                folder.resolve("remote.properties"),
                "url = https://file/\nuser = file\npassword-file = secret\nidle-timeout = 2.5\nca = ca.pem\n");

        RemoteConfiguration configuration = RemoteConfiguration.read(
                        Map.of("url", "https://given/"), Map.of("UNDUMP_REMOTE_USER", "variable"), Optional.of(file))
                .orElseThrow();

        assertThat(configuration.address()).hasToString("https://given");
        assertThat(configuration.credentials()).isEqualTo(new Credentials.Basic("variable", "from the file"));
        assertThat(configuration.timeouts().idle()).isEqualTo(Duration.ofMillis(2500));
        assertThat(configuration.tls().authorities()).contains(folder.toAbsolutePath().resolve("ca.pem"));
        assertThat(configuration.toString()).doesNotContain("from the file");
        assertThat(secret).exists();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cache.example.org            | is no address of a remote cache",
                "ftp://cache.example.org/     | is no address of a remote cache",
                "http://a b/                  | is no address",
                "https://me:pw@host/          | holds credentials",
                "https://host/x?y=1           | nothing may follow the path",
                "oci://registry.example.org   | names no repository"
            })
    void read_addresses_areRefusedInWords(String address, String words) {
        assertRefused(Map.of("UNDUMP_REMOTE", address), words);
        assertThatThrownBy(() -> read(Map.of("UNDUMP_REMOTE", address)))
                .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("pw@"));
    }

    @Test
    void read_contradictions_areRefused() {
        assertRefused(remote("UNDUMP_REMOTE_USER", "me"), "no password for user me");
        assertRefused(
                remote("UNDUMP_REMOTE_USER", "me", "UNDUMP_REMOTE_TOKEN", "t"), "both a user and a token are set");
        assertRefused(remote("UNDUMP_REMOTE_TOKEN", "two words"), "the token holds characters");
        assertRefused(remote("UNDUMP_REMOTE_TOKEN_FILE", "/no/such/file"), "/no/such/file: there is no such file");
        assertRefused(remote("UNDUMP_REMOTE_IDLE_TIMEOUT", "soon"), "idle-timeout is \"soon\", expected seconds");
        assertRefused(remote("UNDUMP_REMOTE_IDLE_TIMEOUT", "0"), "expected seconds");
        assertRefused(remote("UNDUMP_REMOTE_TRUST", "/no/key.pem"), "/no/key.pem: there is no such file");
        assertRefused(
                remote("UNDUMP_REMOTE", "http://cache.example.org/", "UNDUMP_REMOTE_TOKEN", "t"),
                "would cross the network for everybody to read");
        assertRefused(
                remote("UNDUMP_REMOTE", "http://cache.example.org/", "UNDUMP_REMOTE_CA", "x"), "has no TLS: use https");
        assertRefused(
                remote("UNDUMP_REMOTE", "oci://registry/x", "UNDUMP_REMOTE_CERTIFICATE", "x"),
                "registries are not shown certificates");
    }

    @Test
    void read_fileWithAnUnknownSetting_namesIt() throws IOException {
        Path file = Files.writeString(folder.resolve("remote.properties"), "pasword-file = x\n");

        assertThatThrownBy(() -> RemoteConfiguration.read(Map.of(), remote(), Optional.of(file)))
                .hasMessageContaining("there is no setting \"pasword-file\"")
                .hasMessageContaining("password-file");
    }
}
