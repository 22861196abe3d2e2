// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.undump.cache.Digest;
import dev.undump.cache.remote.RemoteFailure.Kind;
import dev.undump.cache.signature.SigningKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signatures, with keys that openssl made, through a real server. */
class SignedImagesIT {

    @TempDir
    Path folder;

    private RemoteFixture fixture;

    @BeforeEach
    void makeKeys() throws Exception {
        fixture = new RemoteFixture(folder, 100_000);
        for (String name : new String[] {"ours", "theirs"}) {
            Programs.run(folder, new byte[0], "openssl", "genpkey", "-algorithm", "ed25519", "-out", name + ".key");
            Programs.run(folder, new byte[0], "openssl", "pkey", "-in", name + ".key", "-pubout", "-out", name + ".pem");
        }
    }

    private RemoteConfiguration configuration(Nginx nginx, Map<String, String> settings) throws RemoteFailure {
        Map<String, String> given = new HashMap<>(settings);
        given.put("url", nginx.address().toString());
        return RemoteConfiguration.read(given, Map.of(), Optional.empty()).orElseThrow();
    }

    private String file(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void fetch_signedByOneOfTheTrustedKeys_givesTheImageBack() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            fixture.store(configuration(nginx, Map.of("sign", file("ours.key"))));

            String both = file("theirs.pem") + ":" + file("ours.pem");
            fixture.assertFetched(fixture.fetch(configuration(nginx, Map.of("trust", both))));
            fixture.assertFetched(fixture.fetch(configuration(nginx, Map.of())));
        }
    }

    @Test
    void fetch_unsignedOrSignedByOthers_asksForNoImage() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration trusting = configuration(nginx, Map.of("trust", file("ours.pem")));
            fixture.store(configuration(nginx, Map.of()));
            assertUntrusted(fixture.failedFetch(trusting), "not signed, and only signed ones are taken");
            fixture.store(configuration(nginx, Map.of("sign", file("theirs.key"))));
            assertUntrusted(fixture.failedFetch(trusting), "not signed by the key that is trusted");

            String log = Files.readString(fixture.server.resolve("other/access.log"));
            assertThat(log).contains("GET /undump/ac/").doesNotContain("GET /undump/cas/");
        }
    }

    @Test
    void fetch_signatureOfAnotherKeyOrImage_isRefused() throws IOException {
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration trusting = configuration(nginx, Map.of("trust", file("ours.pem")));
            fixture.store(configuration(nginx, Map.of("sign", file("ours.key"))));
            Path entry = nginx.stored().resolve("ac/" + fixture.key.hex());
            ActionResult result = ActionResult.decode(Files.readAllBytes(entry));
            StoredImage stored = StoredImage.parse(new String(result.facts(), StandardCharsets.UTF_8));
            Digest other = Digest.of(new byte[] {1});

            // Passed off as the image of another command, with everything else in order.
            StoredImage moved = new StoredImage(other, stored.image(), stored.sizeBytes(), stored.facts());
            Files.write(
                    nginx.stored().resolve("ac/" + other.hex()),
                    new ActionResult(result.object(), moved.toJson().getBytes(StandardCharsets.UTF_8)).encode());
            RemoteFailure failure = catchThrowableOfType(
                    RemoteFailure.class, () -> fixture.open(trusting).fetch(other, fixture.incoming));
            assertUntrusted(failure, "not signed by");

            StoredImage replaced = new StoredImage(fixture.key, other, stored.sizeBytes(), stored.facts());
            Files.write(
                    entry, new ActionResult(result.object(), replaced.toJson().getBytes(StandardCharsets.UTF_8)).encode());
            assertUntrusted(fixture.failedFetch(trusting), "not signed by");
        }
    }

    @Test
    void sign_text_isWhatTheDocumentationSays() throws Exception {
        byte[] signature = SigningKey.read(folder.resolve("ours.key")).sign(fixture.key, fixture.digest);
        Files.write(folder.resolve("signature"), signature);
        Files.writeString(
                folder.resolve("text"), "undump-image-v1\n" + fixture.key.hex() + "\n" + fixture.digest.hex() + "\n");

        byte[] said = Programs.run(
                folder, new byte[0], "openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "ours.pem", "-in",
                "text", "-sigfile", "signature");

        assertThat(new String(said, StandardCharsets.US_ASCII)).contains("Verified Successfully");
    }

    private static void assertUntrusted(RemoteFailure failure, String words) {
        assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.UNTRUSTED);
        assertThat(failure).hasMessageContaining(words);
    }
}
