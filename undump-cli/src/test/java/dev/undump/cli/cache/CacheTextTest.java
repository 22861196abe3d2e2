// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CacheTextTest {

    @Test
    void word_bytesThatAreNoText_comeBack() {
        assertThat(UserCommand.encode("a\udcffb")).containsExactly('a', 0xff, 'b');
        assertThat(UserCommand.encode("ü€𝄞")).isEqualTo("ü€𝄞".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void command_asText_isWhatAShellReads() {
        assertThat(new UserCommand(List.of("python3", "-c", "print('a b')", "")).text()).isEqualTo("python3 -c 'print('\\''a b'\\'')' ''");
    }

    @Test
    void command_words_areSplitAtTheFixedOnes() {
        UserCommand command = new UserCommand(List.of("python3", "tool.py", "a"));

        assertThat(command.first(2)).containsExactly("python3", "tool.py");
        assertThat(command.behind(2)).containsExactly("a");
        assertThat(command.behind(9)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "512, 512", "1K, 1024", "2m, 2097152", "3GiB, 3221225472", "1T, 1099511627776"})
    void size_isRead(String text, long bytes) {
        assertThat(SizeText.bytes(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "K", "-1", "1.5G", "10X", "99999999999999999T"})
    void size_nonsense_isRefused(String text) {
        assertThatThrownBy(() -> SizeText.bytes(text)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(text);
    }
}
