// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * Options of {@code undump} in a file of Java's properties: what is decided about an image, written down.
 *
 * <p>Keys are the long options without their dashes. An option that takes {@code KEY=VALUE} has KEY in its own key, as
 * {@code fd.3 = null}; one that takes words has all of them, separated by commas; one that takes nothing is true or false.
 */
final class OptionsFile {

    /** How the value of an option looks in the file. */
    enum Form {
        /** As on the command line. */
        PLAIN,
        /** {@code true} or {@code false}. */
        SWITCH,
        /** {@code option.KEY = VALUE}. */
        PAIR,
        /** Words with commas. */
        WORDS
    }

    /**
     * One option with one value.
     *
     * @param place file and line
     * @param name of the option, without dashes
     * @param argument as on the command line
     */
    record Entry(String place, String name, String argument) {}

    private static final char BYTE_ORDER_MARK = '\ufeff';

    private final Path file;
    private final Map<String, Form> known;
    private final Map<String, String> places = new HashMap<>();
    private final List<Entry> entries = new ArrayList<>();

    private OptionsFile(Path file, Map<String, Form> known) {
        this.file = file;
        this.known = known;
    }

    /**
     * Reads a file.
     *
     * @param known the options that there are
     * @return its entries in their order
     * @throws IllegalArgumentException if a line cannot be understood; the message names it
     * @throws IOException if it cannot be read
     */
    static List<Entry> read(Path file, Map<String, Form> known) throws IOException {
        OptionsFile options = new OptionsFile(file, known);
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            throw new CommandFailure("reading the options in " + file + ": they are not in UTF-8", e);
        }
        options.parse(!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK ? text.substring(1) : text);
        return options.entries;
    }

    /** Lines are joined and told from comments as {@link Properties#load} does it, which itself knows no line numbers. */
    private void parse(String text) throws IOException {
        String[] lines = text.split("\r\n|\r|\n", -1);
        for (int i = 0; i < lines.length; i++) {
            String content = lines[i].stripLeading();
            if (content.isEmpty() || content.charAt(0) == '#' || content.charAt(0) == '!') {
                continue;
            }
            int first = i;
            StringBuilder logical = new StringBuilder(lines[i]);
            while (continues(lines[i]) && i + 1 < lines.length) {
                i++;
                logical.append('\n').append(lines[i]);
            }
            setting(file + ":" + (first + 1), logical.toString());
        }
    }

    private static boolean continues(String line) {
        int backslashes = 0;
        while (backslashes < line.length() && line.charAt(line.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }

    private void setting(String place, String logical) throws IOException {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(logical));
        } catch (IllegalArgumentException e) {
            throw wrong(place, "\"" + logical.strip() + "\" holds a wrong escape; write a backslash as \\\\");
        }
        for (String key : properties.stringPropertyNames()) {
            String before = places.putIfAbsent(key, place);
            if (before != null) {
                throw wrong(place, key + " stands at " + before + " already");
            }
            setting(place, key, properties.getProperty(key).strip());
        }
    }

    private void setting(String place, String key, String value) {
        int dot = key.indexOf('.');
        String name = dot < 0 ? key : key.substring(0, dot);
        Form form = known.get(name);
        if (form == null) {
            throw wrong(place, "there is no option " + key + "; " + NearestWord.of(name, known.keySet())
                    .map(word -> "did you mean " + word + "?")
                    .orElse("there are " + known.keySet().stream().sorted().collect(Collectors.joining(", "))));
        }
        if ((form == Form.PAIR) != (dot > 0 && dot < key.length() - 1)) {
            throw wrong(place, form == Form.PAIR
                    ? key + " wants a key of its own, as " + name + ".KEY = VALUE"
                    : key + " is no option; write " + name + " = VALUE");
        }
        switch (form) {
            case PAIR -> entries.add(new Entry(place, name, key.substring(dot + 1) + "=" + value));
            case WORDS -> {
                for (String word : value.split(",", -1)) {
                    entries.add(new Entry(place, name, word.strip()));
                }
            }
            case SWITCH -> {
                if (!value.equals("true") && !value.equals("false")) {
                    throw wrong(place, name + " is true or false, not \"" + value + "\"");
                }
                entries.add(new Entry(place, name, value));
            }
            case PLAIN -> entries.add(new Entry(place, name, value));
        }
    }

    /** Says what is wrong with a line. */
    static IllegalArgumentException wrong(String place, String found) {
        return new IllegalArgumentException("reading the options in " + place + ": " + found);
    }
}
