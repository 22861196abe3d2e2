// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TableTest {

    @Test
    void print_rows_areAligned() {
        Table table = new Table("NAME", " SIZE", "PATH");
        table.row("a", "4096", "/x");
        table.row("long", "1", "");
        StringWriter text = new StringWriter();

        table.print(new PrintWriter(text));

        assertThat(text.toString().lines()).containsExactly("  NAME  SIZE  PATH", "  a     4096  /x", "  long     1");
    }

    @Test
    void row_wrongNumberOfCells_isABug() {
        assertThatThrownBy(() -> new Table("A", "B").row("x")).isInstanceOf(IllegalArgumentException.class);
    }
}
