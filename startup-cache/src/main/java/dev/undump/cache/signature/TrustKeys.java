// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import dev.undump.cache.Digest;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;

/** The Ed25519 public keys whose signatures count. None at all means that signatures are not asked for. */
public final class TrustKeys {

    private static final String LABEL = "PUBLIC KEY";

    private final List<PublicKey> keys;

    private TrustKeys(List<PublicKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** No keys. */
    public static TrustKeys none() {
        return new TrustKeys(List.of());
    }

    /**
     * Reads keys as {@code openssl pkey -pubout} writes them; a file may hold several.
     *
     * @throws KeyFileException if a file cannot be read, or holds no public key or one of another kind
     */
    public static TrustKeys read(List<Path> files) throws KeyFileException {
        List<PublicKey> keys = new ArrayList<>();
        for (Path file : files) {
            PemFile pem = PemFile.read(file);
            List<byte[]> found = pem.all(LABEL);
            if (found.isEmpty()) {
                throw pem.lacks("a " + LABEL, "take it from the private key with: openssl pkey -pubout -in KEY");
            }
            for (byte[] der : found) {
                try {
                    keys.add(KeyFactory.getInstance(SignedText.ALGORITHM).generatePublic(new X509EncodedKeySpec(der)));
                } catch (GeneralSecurityException e) {
                    throw pem.unusable(LABEL + " as an Ed25519 key", e);
                }
            }
        }
        return new TrustKeys(keys);
    }

    /** Returns whether signatures are not asked for. */
    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** Returns how many keys there are. */
    public int count() {
        return keys.size();
    }

    /**
     * Tells whether one of the keys has signed this image for this key.
     *
     * @param signature any bytes; what is no signature at all is a wrong one
     */
    public boolean accept(Digest key, Digest image, byte[] signature) {
        if (signature.length != SignedText.SIGNATURE_BYTES) {
            // The JDK takes longer ones that end in zeros.
            return false;
        }
        for (PublicKey trusted : keys) {
            try {
                Signature verifier = Signature.getInstance(SignedText.ALGORITHM);
                verifier.initVerify(trusted);
                verifier.update(SignedText.of(key, image));
                if (verifier.verify(signature)) {
                    return true;
                }
            } catch (SignatureException e) {
                // Not of the form of a signature: as good as a wrong one, for this key and for the others.
                continue;
            } catch (InvalidKeyException | NoSuchAlgorithmException e) {
                throw new IllegalStateException("checking with a key that was accepted", e);
            }
        }
        return false;
    }
}
