// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

/** Makes text from files safe for a terminal: names may hold line breaks and escape sequences. */
public final class Printable {

    private Printable() {}

    /** Replaces control characters by {@code \xNN}, so that the text stays on one line. */
    public static String line(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(character -> {
            if (isControl(character)) {
                result.append(String.format("\\x%02x", character));
            } else {
                result.appendCodePoint(character);
            }
        });
        return result.toString();
    }

    /** Control characters, and those that change the direction of what follows. */
    private static boolean isControl(int character) {
        int type = Character.getType(character);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
