// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.util.ArrayList;
import java.util.List;

/** Splits a line into words as a shell does: blanks separate, quotes and backslashes keep together. */
public final class Words {

    private Words() {}

    /**
     * Splits a line.
     *
     * @return the words; empty for a blank line
     * @throws IllegalArgumentException if a quote does not end
     */
    public static List<String> of(String line) {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            boolean blank = c == ' ' || c == '\t' || c == '\n';
            if (quote == 0 && blank) {
                if (word != null) {
                    words.add(word.toString());
                }
                word = null;
                continue;
            }
            if (word == null) {
                word = new StringBuilder();
            }
            if (quote == 0 && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == quote) {
                quote = 0;
            } else if (c == '\\' && quote != '\'' && i + 1 < line.length()
                    && (quote == 0 || line.charAt(i + 1) == '"' || line.charAt(i + 1) == '\\')) {
                i++;
                word.append(line.charAt(i));
            } else {
                word.append(c);
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException("has a quote " + quote + " that does not end: " + line);
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }
}
