// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them. */
final class SizeText {

    private static final Pattern SIZE = Pattern.compile("([0-9]{1,18})([KMGT]?)(i?B)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "KMGT";
    private static final int BITS_PER_STEP = 10;

    private SizeText() {}

    /**
     * Returns how many bytes are meant; units are powers of 1024.
     *
     * @throws IllegalArgumentException if it is no size
     */
    static long bytes(String text) {
        Matcher matcher = SIZE.matcher(text.strip());
        if (matcher.matches()) {
            int steps = UNITS.indexOf(matcher.group(2).toUpperCase(java.util.Locale.ROOT)) + (matcher.group(2).isEmpty() ? 0 : 1);
            long number = Long.parseLong(matcher.group(1));
            if (number <= Long.MAX_VALUE >> BITS_PER_STEP * steps) {
                return number << BITS_PER_STEP * steps;
            }
        }
        throw new IllegalArgumentException("takes a size such as 500M or 10G, not \"" + text + '"');
    }
}
