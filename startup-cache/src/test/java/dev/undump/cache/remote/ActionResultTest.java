// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.cache.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ActionResultTest {

    private static final Digest OBJECT = Digest.of(new byte[] {7});
    private static final byte[] FACTS = "{}".getBytes(StandardCharsets.UTF_8);
    private static final ActionResult RESULT = new ActionResult(new CompressedObject(OBJECT, 300), FACTS);

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static byte[] join(byte[]... parts) {
        byte[] all = new byte[0];
        for (byte[] part : parts) {
            byte[] longer = Arrays.copyOf(all, all.length + part.length);
            System.arraycopy(part, 0, longer, all.length, part.length);
            all = longer;
        }
        return all;
    }

    /** Written by hand from the wire format: 0x12 is field 2 with a length, 0x10 field 2 as a number, 0x20 field 4. */
    private static byte[] byHand() {
        byte[] hash = OBJECT.hex().getBytes(StandardCharsets.US_ASCII);
        byte[] digest = join(hex("0a40"), hash, hex("10ac02"));
        byte[] file = join(hex("0a05"), "image".getBytes(StandardCharsets.US_ASCII), hex("1245"), digest, hex("2001"));
        return join(hex("1250"), file, hex("2a02"), FACTS, hex("4a080a06"), "undump".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void encode_isTheWireFormat() {
        assertThat(RESULT.encode()).isEqualTo(byHand());
    }

    @Test
    void decode_ofWhatWasEncoded_isTheSame() throws IOException {
        ActionResult decoded = ActionResult.decode(RESULT.encode());

        assertThat(decoded.object()).isEqualTo(RESULT.object());
        assertThat(decoded.facts()).isEqualTo(FACTS);
    }

    @Test
    void decode_fieldsOfOthers_arePassedOver() throws IOException {
        // What a server adds: another output file, a standard error, metadata.
        byte[] more = join(hex("12060a0478787878"), hex("3a0161"), RESULT.encode(), hex("4a020a00"), hex("f8070a"));

        assertThat(ActionResult.decode(more).object()).isEqualTo(RESULT.object());
    }

    @Test
    void decode_otherActions_areRefused() {
        assertThatThrownBy(() -> ActionResult.decode(new byte[0])).hasMessageContaining("names no output file");
        assertThatThrownBy(() -> ActionResult.decode(join(RESULT.encode(), hex("2001"))))
                .hasMessageContaining("its exit code is 1");
        assertThatThrownBy(() -> ActionResult.decode(hex("120f0a05696d61676512060a0463616665")))
                .hasMessageContaining("not a SHA-256 digest");
    }

    @Test
    void decode_anyBytes_givesAResultOrAnIoException() {
        Random random = new Random(5);
        byte[] right = RESULT.encode();
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = Arrays.copyOf(right, 1 + random.nextInt(right.length + 20));
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            assertThatCode(() -> decodeOrRefuse(bytes)).doesNotThrowAnyException();
        }
    }

    private static void decodeOrRefuse(byte[] bytes) {
        try {
            ActionResult.decode(bytes);
        } catch (IOException e) {
            assertThat(e).hasMessageMatching("(?s).+");
        }
    }
}
