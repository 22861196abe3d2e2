// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file of arguments for java, named as {@code @FILE}: words between white space, quoted ones with the escapes of C, comments
 * from # to the end of a line. Source: the java command, "java Command-Line Argument Files".
 */
final class ArgumentFile {

    private final String text;
    private final List<String> words = new ArrayList<>();
    private StringBuilder word;
    private int at;

    private ArgumentFile(String text) {
        this.text = text;
    }

    static List<String> read(Path file) throws IOException {
        ArgumentFile parsed = new ArgumentFile(Files.readString(file, StandardCharsets.UTF_8));
        parsed.parse();
        return parsed.words;
    }

    private void parse() {
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (Character.isWhitespace(c)) {
                end();
            } else if (c == '#' && word == null) {
                skipComment();
            } else if (c == '"' || c == '\'') {
                begin();
                quoted(c);
            } else {
                begin();
                plain(c);
            }
        }
        end();
    }

    private void plain(char c) {
        if (c == '\\' && atLineEnd()) {
            joinLines();
        } else {
            word.append(c);
        }
    }

    private void quoted(char quote) {
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == quote || c == '\n' || c == '\r') {
                return;
            }
            if (c != '\\' || at == text.length()) {
                word.append(c);
            } else if (atLineEnd()) {
                joinLines();
            } else {
                word.append(escaped(text.charAt(at++)));
            }
        }
    }

    private static char escaped(char c) {
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'f' -> '\f';
            default -> c;
        };
    }

    private boolean atLineEnd() {
        return at < text.length() && (text.charAt(at) == '\n' || text.charAt(at) == '\r');
    }

    /** Leading white space of the next line does not count. */
    private void joinLines() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private void skipComment() {
        while (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r') {
            at++;
        }
    }

    private void begin() {
        if (word == null) {
            word = new StringBuilder();
        }
    }

    private void end() {
        if (word != null) {
            words.add(word.toString());
        }
        word = null;
    }
}
