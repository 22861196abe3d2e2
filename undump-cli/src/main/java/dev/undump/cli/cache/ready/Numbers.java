// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

/** Numbers in conditions. */
final class Numbers {

    private Numbers() {}

    static int between(int lowest, int highest, String text, String what) {
        try {
            int number = Integer.parseInt(text);
            if (number >= lowest && number <= highest) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below says what was expected.
        }
        throw new IllegalArgumentException("wants " + what + " from " + lowest + " to " + highest + ", not \"" + text + '"');
    }
}
