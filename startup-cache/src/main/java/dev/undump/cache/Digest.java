// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A SHA-256 digest, the name under which the cache knows a piece of content.
 *
 * <p>There is one spelling only, 64 lower-case hex digits, because digests become file names and keys:
 * two spellings would make two entries of one content.
 *
 * @param hex the digest as 64 lower-case hex digits
 */
public record Digest(String hex) implements Comparable<Digest> {

    /** Length of a digest in bytes. */
    public static final int SIZE_BYTES = 32;

    private static final Pattern LOWER_CASE_HEX = Pattern.compile("[0-9a-f]{" + 2 * SIZE_BYTES + "}");
    private static final int COPY_BUFFER_BYTES = 1 << 16;

    /**
     * Accepts a digest in its one spelling.
     *
     * @throws IllegalArgumentException if {@code hex} is anything but 64 lower-case hex digits
     */
    public Digest {
        Objects.requireNonNull(hex, "hex");
        if (!LOWER_CASE_HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException(
                    "not a SHA-256 digest: expected " + 2 * SIZE_BYTES + " lower-case hex digits, found \"" + hex + '"');
        }
    }

    /**
     * Digests bytes that are in memory.
     *
     * @param content the bytes, read and not kept
     */
    public static Digest of(byte[] content) {
        return fromBytes(sha256().digest(content));
    }

    /**
     * Digests a stream up to its end; memory use does not depend on its length.
     *
     * @param content read to the end, left open
     * @throws IOException if reading fails
     */
    public static Digest of(InputStream content) throws IOException {
        MessageDigest sha256 = sha256();
        DigestInputStream digesting = new DigestInputStream(content, sha256);
        byte[] buffer = new byte[COPY_BUFFER_BYTES];
        while (digesting.read(buffer) >= 0) {
            // Reading is what feeds the digest.
        }
        return fromBytes(sha256.digest());
    }

    /**
     * Wraps a digest that was computed elsewhere.
     *
     * @param bytes {@value #SIZE_BYTES} bytes, copied
     * @throws IllegalArgumentException if the length differs
     */
    public static Digest fromBytes(byte[] bytes) {
        return new Digest(HexFormat.of().formatHex(bytes));
    }

    /** Tells whether a text is a digest in its one spelling. */
    public static boolean isDigest(String text) {
        return LOWER_CASE_HEX.matcher(text).matches();
    }

    /** Returns the digest as a new array of {@value #SIZE_BYTES} bytes. */
    public byte[] toBytes() {
        return HexFormat.of().parseHex(hex);
    }

    @Override
    public int compareTo(Digest other) {
        return hex.compareTo(other.hex);
    }

    /** Returns {@link #hex()}. */
    @Override
    public String toString() {
        return hex;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            // Every Java platform is required to have it, see the class doc of MessageDigest.
            throw new IllegalStateException("this Java platform lacks SHA-256", e);
        }
    }
}
