// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.cli.Printable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Rows in aligned columns, two blanks apart; the last column may be of any length. */
public final class Table {

    private static final String INDENTATION = "  ";

    private final List<Boolean> right = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /**
     * Starts with the heading.
     *
     * @param headings one per column; those that begin with a blank are of numbers, aligned to the right
     */
    public Table(String... headings) {
        List<String> row = new ArrayList<>();
        for (String heading : headings) {
            right.add(heading.startsWith(" "));
            row.add(heading.strip());
        }
        rows.add(row);
    }

    /** Adds a row with as many cells as there are headings. */
    public void row(String... cells) {
        if (cells.length != right.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + right.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(Printable.line(cell));
        }
        rows.add(row);
    }

    public void print(PrintWriter out) {
        int[] widths = new int[right.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(INDENTATION);
            for (int i = 0; i < widths.length; i++) {
                String gap = " ".repeat(widths[i] - row.get(i).length());
                line.append(right.get(i) ? gap + row.get(i) : row.get(i) + gap).append(INDENTATION);
            }
            out.println(line.toString().stripTrailing());
        }
    }
}
