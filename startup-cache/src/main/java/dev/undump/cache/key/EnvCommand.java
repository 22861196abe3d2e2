// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What env(1) executes, read from its words as GNU coreutils 9.1 and busybox read them.
 *
 * @param words the program and what follows it; empty when env prints the environment
 * @param path PATH in which env looks for it
 * @param directory in which it does so
 */
record EnvCommand(List<String> words, Optional<String> path, Path directory) {

    private static final String LONG_VALUES = "--unset --chdir --split-string";

    /** Reads env's words, without the first. */
    static EnvCommand of(List<String> arguments, Optional<String> path, Path directory) throws KeyException {
        return new Reader(arguments, path, directory).read();
    }

    private static final class Reader {
        private final Deque<String> left;
        private Optional<String> path;
        private Path directory;

        Reader(List<String> arguments, Optional<String> path, Path directory) {
            this.left = new ArrayDeque<>(arguments);
            this.path = path;
            this.directory = directory;
        }

        EnvCommand read() throws KeyException {
            while (!left.isEmpty() && left.peek().startsWith("-")) {
                String word = left.pop();
                if (word.equals("--")) {
                    break;
                }
                if (word.equals("-")) {
                    path = Optional.empty();
                } else if (word.startsWith("--")) {
                    longOption(word);
                } else {
                    shortOptions(word);
                }
            }
            while (!left.isEmpty() && left.peek().indexOf('=') > 0) {
                String assignment = left.pop();
                if (assignment.startsWith("PATH=")) {
                    path = Optional.of(assignment.substring("PATH=".length()));
                }
            }
            return new EnvCommand(List.copyOf(left), path, directory);
        }

        private void longOption(String word) throws KeyException {
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            if (name.equals("--ignore-environment")) {
                path = Optional.empty();
            } else if (List.of(LONG_VALUES.split(" ")).contains(name)) {
                valued(name.charAt(2) == 's' ? 'S' : name.charAt(2) == 'c' ? 'C' : 'u', equals < 0 ? value(word) : word.substring(equals + 1));
            } else if (!name.matches("--(debug|null|(block|default|ignore)-signal|list-signal-handling)")) {
                throw unknown(word);
            }
        }

        private void shortOptions(String word) throws KeyException {
            for (int i = 1; i < word.length(); i++) {
                char option = word.charAt(i);
                if (option == 'i') {
                    path = Optional.empty();
                } else if (option == 'u' || option == 'C' || option == 'S') {
                    String rest = word.substring(i + 1);
                    valued(option, rest.isEmpty() ? value(word) : rest);
                    return;
                } else if (option != 'v' && option != '0') {
                    throw unknown(word);
                }
            }
        }

        private void valued(char option, String value) throws KeyException {
            if (option == 'u' && value.equals("PATH")) {
                path = Optional.empty();
            } else if (option == 'C') {
                directory = directory.resolve(value);
            } else if (option == 'S') {
                List<String> words = split(value);
                for (int i = words.size() - 1; i >= 0; i--) {
                    left.push(words.get(i));
                }
            }
        }

        private String value(String option) throws KeyException {
            if (left.isEmpty()) {
                throw new KeyException("finding what env(1) executes: its option " + option + " lacks a value");
            }
            return left.pop();
        }

        private static KeyException unknown(String word) {
            return new KeyException("finding what env(1) executes: undump does not know its option " + word
                    + "; name the program itself in place of env");
        }
    }

    /** Splits as {@code env -S} does. */
    private static List<String> split(String text) throws KeyException {
        List<String> words = new ArrayList<>();
        StringBuilder word = null;
        char quote = 0;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (quote == 0 && isSpace(character)) {
                if (word != null) {
                    words.add(word.toString());
                }
                word = null;
                continue;
            }
            if (quote == 0 && word == null && character == '#') {
                break;
            }
            word = word == null ? new StringBuilder() : word;
            if (character == quote) {
                quote = 0;
            } else if (quote == 0 && (character == '"' || character == '\'')) {
                quote = character;
            } else if (character == '\\' || character == '$' && quote != '\'') {
                throw new KeyException("finding what env(1) executes: undump does not read \"" + character + "\" in its option -S, of \""
                        + text + "\"; name the program itself in place of env");
            } else {
                word.append(character);
            }
        }
        if (quote != 0) {
            throw new KeyException("finding what env(1) executes: its option -S has a quote without an end, \"" + text + '"');
        }
        if (word != null) {
            words.add(word.toString());
        }
        return words;
    }

    private static boolean isSpace(char character) {
        return character == ' ' || character >= '\t' && character <= '\r';
    }
}
