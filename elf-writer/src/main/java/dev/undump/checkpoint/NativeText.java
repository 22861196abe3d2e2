// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text as the kernel has it: bytes, most often UTF-8, but a path may hold any byte except zero. Compares by its bytes.
 */
public final class NativeText {

    /** No bytes. */
    public static final NativeText EMPTY = new NativeText(new byte[0]);

    private final byte[] bytes;

    private NativeText(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Copies the bytes. */
    public static NativeText copyOf(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new NativeText(bytes.clone());
    }

    /** Encodes a string as UTF-8. */
    public static NativeText of(String text) {
        return text.isEmpty() ? EMPTY : new NativeText(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a new array without a terminating zero. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Returns the number of bytes. */
    public int length() {
        return bytes.length;
    }

    /** Returns whether there is no byte. */
    public boolean isEmpty() {
        return bytes.length == 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NativeText text && Arrays.equals(bytes, text.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Decodes as UTF-8; what is not UTF-8 becomes the replacement character. */
    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
