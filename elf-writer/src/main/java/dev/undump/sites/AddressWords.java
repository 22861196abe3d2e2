// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Tells addresses that stand among code. What a JVM generates is full of them, and their bytes are what the kernel's choice of
 * addresses makes them: sooner or later those of a system call.
 */
final class AddressWords {

    /** Below, numbers would be taken for addresses. */
    private static final long LOWEST = 1L << 32;

    private final MappedMemory mapped;
    private final CodeBytes code;

    AddressWords(MappedMemory mapped, CodeBytes code) {
        this.mapped = mapped;
        this.code = code;
    }

    /** Returns whether two bytes lie in one word, at its natural place, that is the address of something mapped. */
    boolean holdBoth(long place) throws IOException {
        long start = place & -Long.BYTES;
        ByteRange word = ByteRange.ofLength(start, Long.BYTES);
        if (!word.contains(ByteRange.ofLength(place, 2))
                || code.runAt(start).filter(run -> run.contains(word)).isEmpty()) {
            return false;
        }
        long value = ByteBuffer.wrap(code.copy(word)).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return value >= LOWEST && mapped.contains(value);
    }
}
