// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WordsTest {

    @Test
    void of_blanks_separate() {
        assertThat(Words.of("  a\tb \n c ")).containsExactly("a", "b", "c");
        assertThat(Words.of(" ")).isEmpty();
    }

    @Test
    void of_quotesAndBackslashes_keepTogetherAsInAShell() {
        assertThat(Words.of("'a b'\"c d\"e '' \"\"")).containsExactly("a bc de", "", "");
        assertThat(Words.of("a\\ b \\' \"\\\" \\\\ \\n\" '\\'")).containsExactly("a b", "'", "\" \\ \\n", "\\");
    }

    @Test
    void of_openQuote_isRefused() {
        assertThatThrownBy(() -> Words.of("a 'b")).hasMessage("has a quote ' that does not end: a 'b");
    }
}
