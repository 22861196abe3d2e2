// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StoredImageTest {

    private static final Digest KEY = Digest.of(new byte[] {1});
    private static final Digest IMAGE = Digest.of(new byte[] {2});

    private static StoredImage sample(Optional<byte[]> signature) {
        EntryFacts facts = new EntryFacts("a \"command\"\n\u00e9", Duration.ofMillis(840), "0.1.0", signature);
        return new StoredImage(KEY, IMAGE, 1L << 40, facts);
    }

    @Test
    void parse_ofWhatWasWritten_isTheSame() throws IOException {
        StoredImage unsigned = sample(Optional.empty());

        assertThat(StoredImage.parse(unsigned.toJson())).isEqualTo(unsigned);
        assertThat(StoredImage.parse(sample(Optional.of(new byte[] {0, -1, 5})).toJson())
                        .facts()
                        .signature()
                        .orElseThrow())
                .containsExactly(0, -1, 5);
    }

    @Test
    void parse_fieldsOfALaterRelease_arePassedOver() throws IOException {
        String more = sample(Optional.empty()).toJson().replace("{\"undump", "{\"new\":{\"a\":[1]},\"undump");

        assertThat(StoredImage.parse(more)).isEqualTo(sample(Optional.empty()));
    }

    @Test
    void parse_everythingElse_isRefusedInWords() {
        String right = sample(Optional.empty()).toJson();
        assertRefused("", "it is no entry of undump");
        assertRefused("[]", "it is no entry of undump");
        assertRefused("{}", "it is no entry of undump");
        assertRefused(right.replace("remote\":1", "remote\":2"), "version 2, this undump reads 1");
        assertRefused(right.replace("\"size\"", "\"siez\""), "it lacks \"size\"");
        assertRefused(right.replace("1099511627776", "-1"), "its size is -1");
        assertRefused(right.replace("1099511627776", "\"x\""), "x");
        assertRefused(right.replace(KEY.hex(), "../../etc/passwd"), "not a SHA-256 digest");
        assertRefused(right.replace("}", ",\"signature\":\"?\"}"), "base64");
        assertRefused(right.substring(0, right.length() - 20), "");
    }

    private static void assertRefused(String text, String words) {
        assertThatThrownBy(() -> StoredImage.parse(text)).isInstanceOf(IOException.class).hasMessageContaining(words);
    }
}
