// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import java.util.regex.Pattern;

/** Words as a shell takes them. */
final class ShellText {

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/._+=@%:,-]+");

    private ShellText() {}

    /** Returns text that a shell reads as this one word. */
    static String word(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
