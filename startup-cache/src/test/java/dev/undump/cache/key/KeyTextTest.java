// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyTextTest {

    private static final String SAMPLE = "undump-key 1\n"
            + "argv.0=tool\n"
            + "argv.2=with \"quotes\" = signs and \\\\ and ümlauts\n"
            + "argv.10=two\\nlines\\x09and \\xff no UTF-8\n"
            + "environment.LANG=\n";

    private static CacheKey sample() {
        return CacheKey.of(List.of(
                new KeyPart("environment.LANG", ""),
                new KeyPart("argv.10", "two\nlines\tand " + ProcessText.decode(ByteBuffer.wrap(new byte[] {(byte) 0xff})) + " no UTF-8"),
                new KeyPart("argv.0", "tool"),
                new KeyPart("argv.2", "with \"quotes\" = signs and \\ and ümlauts")));
    }

    /** What stands here never changes: keys that were made are in stores. */
    @Test
    void text_ofFormat1_isThisTextWithThisDigest() {
        assertThat(sample().text()).isEqualTo(SAMPLE);
        // printf … | sha256sum
        assertThat(sample().digest().hex()).isEqualTo("473a73dde45bd069ecccdc6f80a66a44e0140a460784bc60103f0a17c142f4f2");
    }

    @Test
    void parse_ofText_isTheKey() throws IOException {
        CacheKey parsed = CacheKey.parse(SAMPLE);

        assertThat(parsed).isEqualTo(sample()).hasSameHashCodeAs(sample());
        assertThat(parsed.parts()).isEqualTo(sample().parts());
        assertThat(parsed.value("argv.0")).contains("tool");
        assertThat(parsed.value("argv.1")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "something else\n",
                "undump-key 2\nargv.0=a\n",
                "undump-key 1",
                "undump-key 1\nargv.0=a",
                "undump-key 1\nargv.0\n",
                "undump-key 1\n=a\n",
                "undump-key 1\nb=1\na=2\n",
                "undump-key 1\na=1\na=2\n",
                "undump-key 1\na=\\q\n",
                "undump-key 1\na=\\x1\n",
                "undump-key 1\na=\\x41\n",
                "undump-key 1\na=\\",
            })
    void parse_ofAnythingElse_isRefused(String text) {
        assertThatExceptionOfType(KeyException.class)
                .isThrownBy(() -> CacheKey.parse(text))
                .withMessageContaining("reading the text of a key");
    }

    @Test
    void of_twoPartsOfOneName_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CacheKey.of(List.of(new KeyPart("a", "1"), new KeyPart("a", "2"))))
                .withMessageContaining("two parts named a");
    }

    @Test
    void decode_ofAnyBytes_losesNothing() throws IOException {
        Random random = new Random(7);
        Set<List<Byte>> blocks = new HashSet<>();
        Set<String> texts = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(6)];
            random.nextBytes(bytes);
            blocks.add(boxed(bytes));
            CacheKey key = CacheKey.of(List.of(new KeyPart("argv.0", ProcessText.decode(ByteBuffer.wrap(bytes)))));
            assertThat(CacheKey.parse(key.text())).isEqualTo(key);
            assertThat(new String(key.text().getBytes(UTF_8), UTF_8)).isEqualTo(key.text());
            texts.add(key.text());
        }
        assertThat(texts).hasSameSizeAs(blocks);
    }

    @Test
    void commandLine_dependsOnArgumentsOnly() {
        CacheKey one = CacheKey.of(List.of(new KeyPart("argv.0", "a"), new KeyPart("uid", "1")));
        CacheKey two = CacheKey.of(List.of(new KeyPart("argv.0", "a"), new KeyPart("uid", "2")));
        CacheKey three = CacheKey.of(List.of(new KeyPart("argv.0", "a"), new KeyPart("argv.1", ""), new KeyPart("uid", "1")));

        assertThat(one.commandLine()).isEqualTo(two.commandLine()).isNotEqualTo(three.commandLine());
        assertThat(one).isNotEqualTo(two);
    }

    @Test
    void environment_ofABlock_keepsTheFirstOfAName() throws IOException {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        block.write("A=1\0B=x=y\0A=2\0noequals\0=x\0C=\0".getBytes(UTF_8));

        assertThat(ProcessText.environment(block.toByteArray()))
                .containsExactly(java.util.Map.entry("A", "1"), java.util.Map.entry("B", "x=y"), java.util.Map.entry("C", ""));
    }

    @Test
    void arguments_ofThisProcess_areTheKernels() throws IOException {
        assertThat(ProcessText.arguments().get(0)).endsWith("java");
        assertThat(ProcessText.environment()).containsKey("PATH");
    }

    private static List<Byte> boxed(byte[] bytes) {
        List<Byte> list = new java.util.ArrayList<>();
        for (byte value : bytes) {
            list.add(value);
        }
        return list;
    }
}
