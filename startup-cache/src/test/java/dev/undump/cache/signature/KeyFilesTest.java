// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.cache.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyFilesTest {

    private static final Digest KEY = Digest.of(new byte[] {1});
    private static final Digest IMAGE = Digest.of(new byte[] {2});

    @TempDir
    Path folder;

    private Path write(String name, String label, byte[] der) throws IOException {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        String text = "A remark.\n-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
        return Files.writeString(folder.resolve(name), text);
    }

    private KeyPair pair(String name, String algorithm) throws IOException, GeneralSecurityException {
        KeyPair pair = KeyPairGenerator.getInstance(algorithm).generateKeyPair();
        write(name + ".key", "PRIVATE KEY", pair.getPrivate().getEncoded());
        write(name + ".pem", "PUBLIC KEY", pair.getPublic().getEncoded());
        return pair;
    }

    @Test
    void accept_oneOfSeveralKeysOfOneFile_isEnough() throws Exception {
        pair("first", "Ed25519");
        pair("second", "Ed25519");
        Path both = folder.resolve("both.pem");
        Files.writeString(both, Files.readString(folder.resolve("first.pem")) + Files.readString(folder.resolve("second.pem")));
        byte[] signature = SigningKey.read(folder.resolve("second.key")).sign(KEY, IMAGE);
        TrustKeys trust = TrustKeys.read(List.of(both));

        assertThat(trust.count()).isEqualTo(2);
        assertThat(trust.accept(KEY, IMAGE, signature)).isTrue();
        assertThat(trust.accept(IMAGE, KEY, signature)).isFalse();
        assertThat(TrustKeys.read(List.of(folder.resolve("first.pem"))).accept(KEY, IMAGE, signature)).isFalse();
    }

    @Test
    void accept_everyFlippedBitAndEveryLength_isRefused() throws Exception {
        pair("first", "Ed25519");
        byte[] signature = SigningKey.read(folder.resolve("first.key")).sign(KEY, IMAGE);
        TrustKeys trust = TrustKeys.read(List.of(folder.resolve("first.pem")));
        assertThat(signature).hasSize(64);
        for (int bit = 0; bit < 512; bit++) {
            byte[] wrong = signature.clone();
            wrong[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(trust.accept(KEY, IMAGE, wrong)).as("bit %d", bit).isFalse();
        }
        for (int length : new int[] {0, 1, 63, 65, 1000}) {
            assertThat(trust.accept(KEY, IMAGE, Arrays.copyOf(signature, length))).isFalse();
        }
    }

    @Test
    void none_trustsNothing() {
        assertThat(TrustKeys.none().isEmpty()).isTrue();
        assertThat(TrustKeys.none().accept(KEY, IMAGE, new byte[64])).isFalse();
    }

    @Test
    void read_otherFiles_areRefusedInWords() throws Exception {
        pair("first", "Ed25519");
        pair("other", "EC");
        Path text = Files.writeString(folder.resolve("text"), "hello");
        Path encrypted = Files.writeString(folder.resolve("encrypted"), "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n");

        assertThatThrownBy(() -> SigningKey.read(folder.resolve("first.pem")))
                .hasMessageContaining("it holds PUBLIC KEY, expected one PRIVATE KEY")
                .hasMessageContaining("openssl genpkey -algorithm ed25519");
        assertThatThrownBy(() -> TrustKeys.read(List.of(folder.resolve("first.key"))))
                .hasMessageContaining("it holds PRIVATE KEY, expected a PUBLIC KEY");
        assertThatThrownBy(() -> SigningKey.read(folder.resolve("other.key"))).hasMessageContaining("as an Ed25519 key");
        assertThatThrownBy(() -> TrustKeys.read(List.of(folder.resolve("other.pem"))))
                .hasMessageContaining("as an Ed25519 key");
        assertThatThrownBy(() -> SigningKey.read(text)).hasMessageContaining("it is no PEM file");
        assertThatThrownBy(() -> SigningKey.read(encrypted)).hasMessageContaining("encrypted or damaged");
        assertThatThrownBy(() -> SigningKey.read(folder.resolve("none"))).hasMessageContaining("there is no such file");
        assertThatThrownBy(() -> SigningKey.read(folder)).isInstanceOf(KeyFileException.class);
    }
}
