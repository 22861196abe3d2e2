// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestTest {

    /** FIPS 180-2, appendix B.1. */
    private static final String OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    /** The well-known digest of nothing. */
    private static final String OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @Test
    void of_publishedVectors_matches() {
        assertThat(Digest.of("abc".getBytes(US_ASCII)).hex()).isEqualTo(OF_ABC);
        assertThat(Digest.of(new byte[0]).hex()).isEqualTo(OF_NOTHING);
    }

    @Test
    void of_streamLongerThanTheBuffer_equalsDigestOfTheBytes() throws IOException {
        byte[] content = new byte[200_003];
        new Random(1).nextBytes(content);

        assertThat(Digest.of(new ByteArrayInputStream(content))).isEqualTo(Digest.of(content));
    }

    @Test
    void of_streamThatFails_passesTheFailureOn() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("disk gone");
            }
        };

        assertThatThrownBy(() -> Digest.of(failing)).isInstanceOf(IOException.class).hasMessage("disk gone");
    }

    @Test
    void toBytes_ofFromBytes_givesTheBytesBack() {
        byte[] bytes = new byte[Digest.SIZE_BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 37);
        }
        byte[] original = bytes.clone();

        Digest digest = Digest.fromBytes(bytes);
        Arrays.fill(bytes, (byte) 0);

        assertThat(digest.toBytes()).isEqualTo(original);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "",
        "ba7816bf",
        "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0",
        "ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "../../../../../../../../../../../../../../../../../../etc/passwd",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
    })
    void new_anyOtherSpelling_isRefusedAndQuoted(String hex) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Digest(hex))
                .withMessageContaining("64 lower-case hex digits")
                .withMessageContaining('"' + hex + '"');
    }

    @Test
    void fromBytes_wrongLength_isRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Digest.fromBytes(new byte[Digest.SIZE_BYTES - 1]));
        assertThatIllegalArgumentException().isThrownBy(() -> Digest.fromBytes(new byte[Digest.SIZE_BYTES + 1]));
    }

    @Test
    void compareTo_ordersLikeTheBytes() {
        assertThat(new Digest(OF_ABC)).isLessThan(new Digest(OF_NOTHING));
        assertThat(new Digest(OF_ABC)).isEqualByComparingTo(new Digest(OF_ABC));
    }
}
