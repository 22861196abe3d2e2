// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import dev.undump.cache.Digest;
import java.nio.charset.StandardCharsets;

/** What a signature is made over: text, so that openssl can check it too. The key is in it, so that an image cannot serve another command. */
final class SignedText {

    static final String ALGORITHM = "Ed25519";
    static final int SIGNATURE_BYTES = 64;

    private SignedText() {}

    static byte[] of(Digest key, Digest image) {
        return ("undump-image-v1\n" + key.hex() + '\n' + image.hex() + '\n').getBytes(StandardCharsets.US_ASCII);
    }
}
