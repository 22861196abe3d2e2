// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.undump.cli.OptionsFile.Entry;
import dev.undump.cli.OptionsFile.Form;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsFileTest {

    private static final Map<String, Form> KNOWN =
            Map.of("out", Form.PLAIN, "eager", Form.SWITCH, "fd", Form.PAIR, "allow", Form.WORDS);

    @TempDir
    private Path folder;

    @Test
    void allForms_becomeArguments_withTheirLines() throws IOException {
        Path file = write("# a comment\n! another \\\nout = a b \n\n  fd.3 : null\neager=true\r\nallow = one, two\n");
        assertThat(OptionsFile.read(file, KNOWN))
                .containsExactly(
                        new Entry(file + ":3", "out", "a b"),
                        new Entry(file + ":5", "fd", "3=null"),
                        new Entry(file + ":6", "eager", "true"),
                        new Entry(file + ":7", "allow", "one"),
                        new Entry(file + ":7", "allow", "two"));
    }

    @Test
    void continuedLine_isOne_andCountsAsItsFirst() throws IOException {
        Path file = write("out = one \\\n   \\\n  two\nfd.4 = reopen:C\\\\\nfd.5 = \\u00fc=\\n");
        assertThat(OptionsFile.read(file, KNOWN))
                .containsExactly(
                        new Entry(file + ":1", "out", "one two"),
                        new Entry(file + ":4", "fd", "4=reopen:C\\"),
                        new Entry(file + ":5", "fd", "5=ü="));
    }

    @Test
    void keyWithEscapedSeparators_isTaken() throws IOException {
        Path file = write("\ufefffd.a\\=b\\ c=ü");
        assertThat(OptionsFile.read(file, KNOWN)).containsExactly(new Entry(file + ":1", "fd", "a=b c=ü"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "eagre = true | :1: there is no option eagre; did you mean eager?",
                "n.3 = null | :1: there is no option n.3; there are allow, eager, fd, out",
                "eager = yes | :1: eager is true or false, not \"yes\"",
                "eager | :1: eager is true or false, not \"\"",
                "eager.x = true | :1: eager.x is no option; write eager = VALUE",
                "fd = 3 | :1: fd wants a key of its own, as fd.KEY = VALUE",
                "fd. = 3 | :1: fd. wants a key of its own",
                "out = \\u12 | :1: \"out = \\u12\" holds a wrong escape",
            })
    void mistake_isNamedWithItsLine(String line, String message) throws IOException {
        Path file = write(line);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionsFile.read(file, KNOWN))
                .withMessageContaining(file + message);
    }

    @Test
    void keyThatComesTwice_isNamedWithBothLines() throws IOException {
        Path file = write("out=a\n\nout=b\n");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OptionsFile.read(file, KNOWN))
                .withMessageContaining(file + ":3: out stands at " + file + ":1 already");
    }

    @ParameterizedTest
    @CsvSource({"eagre, eager, 1", "eager, eager, 0", "out, fd, 3", "prot-map, port-map, 1", "x, out, 3", "'', out, 3"})
    void distance_countsChanges(String first, String second, int distance) {
        assertThat(NearestWord.distance(first, second)).isEqualTo(distance);
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("my.properties"), text);
    }
}
