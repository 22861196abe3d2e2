// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.Digest;

/**
 * An image as it travels, compressed with zstd.
 *
 * @param digest SHA-256 of the compressed bytes
 * @param sizeBytes their number
 */
record CompressedObject(Digest digest, long sizeBytes) {

    CompressedObject {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException("a size of " + sizeBytes + " bytes");
        }
    }
}
