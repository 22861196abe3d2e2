// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 and number of bytes that go by. */
final class DigestedBytes {

    private final MessageDigest sha256;
    private long count;

    DigestedBytes() {
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            // Every Java platform is required to have it.
            throw new IllegalStateException("this Java platform lacks SHA-256", e);
        }
    }

    void add(byte[] bytes, int offset, int length) {
        sha256.update(bytes, offset, length);
        count += length;
    }

    long count() {
        return count;
    }

    /** Returns the digest; nothing may be added after it. */
    Digest finish() {
        return Digest.fromBytes(sha256.digest());
    }
}
