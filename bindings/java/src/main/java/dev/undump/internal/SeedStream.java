// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Seeds without end: SHA-256 of a secret and a number. */
final class SeedStream {
    private final byte[] secret;
    private long number;

    SeedStream(byte[] secret) {
        this.secret = secret;
    }

    /** 32 bytes. */
    byte[] next() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(secret);
            return digest.digest(ByteBuffer.allocate(Long.BYTES).putLong(number++).array());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    long nextLong() {
        return ByteBuffer.wrap(next()).getLong();
    }
}
