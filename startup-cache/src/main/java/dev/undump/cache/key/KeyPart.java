// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.util.Comparator;
import java.util.regex.Pattern;

/**
 * One thing that an image depends on.
 *
 * @param name words joined by dots, such as {@code argv.0} or {@code environment.PATH}; never empty, without {@code =}
 * @param value any text; bytes that are no UTF-8 as {@link ProcessText} decodes them
 */
public record KeyPart(String name, String value) implements Comparable<KeyPart> {

    private static final Pattern DIGITS = Pattern.compile("[0-9]{1,9}");

    private static final Comparator<String> WORDS = (left, right) -> {
        if (DIGITS.matcher(left).matches() && DIGITS.matcher(right).matches()) {
            int numbers = Integer.compare(Integer.parseInt(left), Integer.parseInt(right));
            return numbers != 0 ? numbers : left.compareTo(right);
        }
        return left.compareTo(right);
    };

    /**
     * Accepts a part.
     *
     * @throws IllegalArgumentException if the name is empty or contains {@code =}
     */
    public KeyPart {
        if (name.isEmpty() || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException("the name of a part of a key is never empty and has no \"=\": \"" + name + '"');
        }
        if (value == null) {
            throw new IllegalArgumentException("part " + name + " has no value");
        }
    }

    /** Orders by name, of which words that are numbers count as numbers: {@code argv.2} before {@code argv.10}. */
    @Override
    public int compareTo(KeyPart other) {
        String[] left = name.split("\\.", -1);
        String[] right = other.name.split("\\.", -1);
        for (int i = 0; i < left.length && i < right.length; i++) {
            int order = WORDS.compare(left[i], right[i]);
            if (order != 0) {
                return order;
            }
        }
        int order = Integer.compare(left.length, right.length);
        return order != 0 ? order : value.compareTo(other.value);
    }
}
