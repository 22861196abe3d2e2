// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * One part in which two keys differ.
 *
 * @param name of the part
 * @param before its value in the first key, empty when that has no such part
 * @param after its value in the second key, empty when that has no such part
 */
public record KeyChange(String name, Optional<String> before, Optional<String> after) {

    /** Returns all differences in the order of the parts; none when the keys are equal. */
    public static List<KeyChange> between(CacheKey before, CacheKey after) {
        TreeSet<KeyPart> names = new TreeSet<>();
        Stream.concat(before.parts().stream(), after.parts().stream())
                .forEach(part -> names.add(new KeyPart(part.name(), "")));
        return names.stream()
                .map(part -> new KeyChange(part.name(), before.value(part.name()), after.value(part.name())))
                .filter(change -> !change.before().equals(change.after()))
                .toList();
    }

    /** Returns one line without an end, such as {@code the environment variable LANG was "C", is "de_DE.UTF-8"}. */
    public String inWords() {
        return KeyWords.of(this);
    }
}
