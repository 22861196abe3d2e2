// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Certificates.
 *
 * @param authorities PEM file of those that may sign the server's certificate, in place of the JDK's; empty for the JDK's
 * @param certificate that we show the server: PKCS #12, or PEM with the chain; empty for none
 * @param key PEM file of the certificate's key (PKCS #8) where that is not in the same file
 * @param password of the PKCS #12 file; empty for none
 */
public record TlsFiles(Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key, Optional<String> password) {

    /** The JDK's authorities, no certificate of ours. */
    public static final TlsFiles NONE = new TlsFiles(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** Leaves the password out. */
    @Override
    public String toString() {
        return "TlsFiles[authorities=" + authorities + ", certificate=" + certificate + ", key=" + key + "]";
    }
}
