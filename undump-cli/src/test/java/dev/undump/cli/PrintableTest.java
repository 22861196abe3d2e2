// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {

    @Test
    void line_ordinaryText_isUnchanged() {
        assertThat(Printable.line("/home/jürgen/ünï 日本")).isEqualTo("/home/jürgen/ünï 日本");
    }

    @Test
    void line_controlCharacters_areEscaped() {
        assertThat(Printable.line("a\nb\tc\u001b[2Jd\u007f\u009b")).isEqualTo("a\\x0ab\\x09c\\x1b[2Jd\\x7f\\x9b");
    }

    @Test
    void line_directionOverride_isEscaped() {
        assertThat(Printable.line("exe\u202egnp")).isEqualTo("exe\\x202egnp");
    }
}
