// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class KeyChangeTest {

    private static CacheKey key(String... namesAndValues) {
        Map<String, String> values = new TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            values.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        List<KeyPart> parts = new ArrayList<>();
        values.forEach((name, value) -> parts.add(new KeyPart(name, value)));
        return CacheKey.of(parts);
    }

    private static List<String> words(CacheKey before, CacheKey after) {
        return KeyChange.between(before, after).stream().map(KeyChange::inWords).toList();
    }

    @Test
    void between_equalKeys_isNothing() {
        assertThat(KeyChange.between(key("a", "1"), key("a", "1"))).isEmpty();
    }

    @Test
    void inWords_ofAValue_namesBoth() {
        assertThat(words(key("environment.LANG", "C"), key("environment.LANG", "de_DE.UTF-8")))
                .containsExactly("the environment variable LANG was \"C\", is \"de_DE.UTF-8\"");
        assertThat(words(key("limit.nofile", "1024 4096"), key("limit.nofile", "1024 1024")))
                .containsExactly("the resource limit nofile was \"1024 4096\", is \"1024 1024\"");
    }

    @Test
    void inWords_ofAPartThatCameOrWent_saysSo() {
        assertThat(words(key(), key("argv.1", "-x"))).containsExactly("argument 1 was not there, is \"-x\"");
        assertThat(words(key("environment.TZ", "UTC"), key()))
                .containsExactly("the environment variable TZ was \"UTC\", is not there");
    }

    @Test
    void inWords_ofContent_showsNoDigests() {
        assertThat(words(key("executable.digest", "aa"), key("executable.digest", "bb")))
                .containsExactly("the content of the program's file has changed");
        assertThat(words(key("interpreter.2.digest", "aa"), key("interpreter.2.digest", "bb")))
                .containsExactly("the digest of interpreter 2 has changed");
        assertThat(words(key("file./etc/app.conf", "aa"), key("file./etc/app.conf", "bb")))
                .containsExactly("the content of the file /etc/app.conf has changed");
        assertThat(words(key("environment.app.digest", "aa"), key("environment.app.digest", "bb")))
                .containsExactly("the environment variable app.digest was \"aa\", is \"bb\"");
    }

    @Test
    void inWords_ofFeatures_namesThoseThatDiffer() {
        assertThat(words(key("cpu.features", "avx avx2 sse"), key("cpu.features", "avx sse sse2")))
                .containsExactly("the processor's features have sse2 now, and lack avx2 now");
    }

    @Test
    void between_severalChanges_followTheOrderOfTheKey() {
        assertThat(KeyChange.between(key("argv.10", "a", "argv.2", "b", "uid", "1"), key("argv.10", "c", "argv.2", "d", "uid", "1")))
                .extracting(KeyChange::name)
                .containsExactly("argv.2", "argv.10");
    }
}
