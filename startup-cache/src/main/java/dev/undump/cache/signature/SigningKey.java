// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import dev.undump.cache.Digest;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;

/** An Ed25519 private key (RFC 8032) that signs images. */
public final class SigningKey {

    private static final String LABEL = "PRIVATE KEY";

    private final PrivateKey key;

    private SigningKey(PrivateKey key) {
        this.key = key;
    }

    /**
     * Reads a key as {@code openssl genpkey -algorithm ed25519} writes it: PEM, PKCS #8, without a pass phrase.
     *
     * @throws KeyFileException if the file cannot be read or holds another kind of key
     */
    public static SigningKey read(Path file) throws KeyFileException {
        PemFile pem = PemFile.read(file);
        List<byte[]> keys = pem.all(LABEL);
        if (keys.size() != 1) {
            throw pem.lacks("one " + LABEL, "make one with: openssl genpkey -algorithm ed25519 -out " + file);
        }
        try {
            return new SigningKey(
                    KeyFactory.getInstance(SignedText.ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(keys.get(0))));
        } catch (GeneralSecurityException e) {
            throw pem.unusable(LABEL + " as an Ed25519 key", e);
        }
    }

    /**
     * Signs that this image is what this key stands for.
     *
     * @param key of the cache's entry
     * @param image SHA-256 of the image
     * @return 64 bytes
     */
    public byte[] sign(Digest key, Digest image) {
        try {
            Signature signature = Signature.getInstance(SignedText.ALGORITHM);
            signature.initSign(this.key);
            signature.update(SignedText.of(key, image));
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("signing with a key that was accepted", e);
        }
    }
}
