// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.undump.cache.Digest;
import java.util.List;
import java.util.Optional;

/** All that an image depends on before it is captured. Two keys are equal when their texts are. */
public final class CacheKey {

    private static final String ARGUMENT = "argv.";

    private final List<KeyPart> parts;
    private final String text;
    private final Digest digest;

    private CacheKey(List<KeyPart> parts, String text) {
        this.parts = parts;
        this.text = text;
        this.digest = Digest.of(text.getBytes(UTF_8));
    }

    /**
     * Makes a key of parts in any order.
     *
     * @throws IllegalArgumentException if two parts have one name
     */
    public static CacheKey of(List<KeyPart> parts) {
        List<KeyPart> sorted = parts.stream().sorted().toList();
        for (int i = 1; i < sorted.size(); i++) {
            if (sorted.get(i).name().equals(sorted.get(i - 1).name())) {
                throw new IllegalArgumentException("a key has two parts named " + sorted.get(i).name());
            }
        }
        return new CacheKey(sorted, KeyText.of(sorted));
    }

    /**
     * Reads what {@link #text} wrote.
     *
     * @throws KeyException if it is no such text, of another version, or cut off
     */
    public static CacheKey parse(String text) throws KeyException {
        CacheKey key;
        try {
            key = of(KeyText.parse(text));
        } catch (IllegalArgumentException e) {
            throw new KeyException("reading the text of a key: " + e.getMessage(), e);
        }
        if (!key.text.equals(text)) {
            throw new KeyException("reading the text of a key: it is not as undump writes it, such as lines in another order");
        }
        return key;
    }

    /** Returns the SHA-256 of the text in UTF-8. */
    public Digest digest() {
        return digest;
    }

    /** Returns the parts in the order of the text. */
    public List<KeyPart> parts() {
        return parts;
    }

    /** Returns a line that names the format and one line a part, each ended by a line feed; {@code docs/cache-format.md}. */
    public String text() {
        return text;
    }

    /** Returns the value of a part, empty when the key has no such part. */
    public Optional<String> value(String name) {
        return parts.stream().filter(part -> part.name().equals(name)).map(KeyPart::value).findFirst();
    }

    /** Returns the digest of the arguments alone: keys of one command line that was run under different conditions share it. */
    public Digest commandLine() {
        List<KeyPart> arguments =
                parts.stream().filter(part -> part.name().startsWith(ARGUMENT)).toList();
        return Digest.of(KeyText.of(arguments).getBytes(UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CacheKey key && key.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** Returns the digest in hex. */
    @Override
    public String toString() {
        return digest.hex();
    }
}
