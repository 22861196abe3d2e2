// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** An immutable run of bytes. */
public final class Bytes {

    /** No bytes. */
    public static final Bytes EMPTY = new Bytes(ByteBuffer.allocate(0));

    private final ByteBuffer content;

    private Bytes(ByteBuffer content) {
        this.content = content;
    }

    /**
     * Copies an array.
     *
     * @param bytes is not kept
     */
    public static Bytes copyOf(byte[] bytes) {
        return new Bytes(ByteBuffer.wrap(bytes.clone()).asReadOnlyBuffer());
    }

    /**
     * Wraps the remaining bytes of a buffer without copying them.
     *
     * @param buffer its content must not change any more; its position stays
     */
    public static Bytes viewOf(ByteBuffer buffer) {
        return new Bytes(buffer.slice().asReadOnlyBuffer());
    }

    /** Returns the number of bytes. */
    public int length() {
        return content.limit();
    }

    /** Returns a new read-only, little-endian buffer over all bytes, at position 0. */
    public ByteBuffer buffer() {
        return content.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns a new array with all bytes. */
    public byte[] toArray() {
        byte[] copy = new byte[content.limit()];
        content.duplicate().get(copy);
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes bytes && content.equals(bytes.content);
    }

    @Override
    public int hashCode() {
        return content.hashCode();
    }

    /** Returns the bytes in hexadecimal, shortened after 32. */
    @Override
    public String toString() {
        int shown = Math.min(length(), 32);
        byte[] start = new byte[shown];
        content.duplicate().get(start);
        return HexFormat.of().formatHex(start) + (shown < length() ? "..." : "");
    }
}
