// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.signature.SigningKey;
import dev.undump.cache.signature.TrustKeys;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * One remote cache.
 *
 * @param address {@code http(s)://HOST/PATH} of a Bazel HTTP cache; {@code oci://HOST/REPOSITORY} of a registry, {@code
 *     oci+http://} where it has no TLS
 * @param credentials how the server knows us
 * @param tls certificates
 * @param timeouts how long it may take
 * @param trust whose signatures count; empty when unsigned images are taken too
 * @param signing the key that signs what is stored, if any
 */
public record RemoteConfiguration(
        URI address,
        Credentials credentials,
        TlsFiles tls,
        Timeouts timeouts,
        TrustKeys trust,
        Optional<SigningKey> signing) {

    /** An address and nothing else: no credentials, the JDK's authorities, default limits, no signatures. */
    public static RemoteConfiguration of(URI address) {
        return new RemoteConfiguration(
                address, new Credentials.None(), TlsFiles.NONE, Timeouts.DEFAULT, TrustKeys.none(), Optional.empty());
    }

    /**
     * Reads the settings that docs/cache-remote.md lists. Those that were given count before the environment's, and these before the file's.
     *
     * @param given by name, such as "url"
     * @param environment of the process; looked at: UNDUMP_REMOTE and UNDUMP_REMOTE_*
     * @param file of properties, if there is one; paths in it are relative to its folder
     * @return empty when no source names an address
     * @throws RemoteFailure if a setting or a file that it names cannot be used
     */
    public static Optional<RemoteConfiguration> read(
            Map<String, String> given, Map<String, String> environment, Optional<Path> file) throws RemoteFailure {
        return new ConfigurationReader(given, environment, file).read();
    }

    boolean isRegistry() {
        return address.getScheme().startsWith("oci");
    }

    boolean isEncrypted() {
        return address.getScheme().equals("https") || address.getScheme().equals("oci");
    }
}
