// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import dev.undump.cache.signature.KeyFileException;
import dev.undump.cache.signature.PemFile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Turns files of certificates into what the JDK's TLS takes. */
final class TlsContext {

    private static final String CERTIFICATE = "CERTIFICATE";
    private static final String KEY = "PRIVATE KEY";
    private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");
    private static final char[] IN_MEMORY = "undump".toCharArray();

    private TlsContext() {}

    static SSLContext of(TlsFiles files) throws RemoteFailure {
        try {
            KeyManager[] keys = files.certificate().isPresent() ? keyManagers(files) : null;
            TrustManager[] trust = files.authorities().isPresent() ? trustManagers(files.authorities().get()) : null;
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trust, null);
            return context;
        } catch (KeyFileException e) {
            throw ConfigurationReader.failure(e.getMessage(), e);
        } catch (GeneralSecurityException | IOException e) {
            throw ConfigurationReader.failure("preparing TLS: " + Faults.words(e), e);
        }
    }

    private static TrustManager[] trustManagers(Path file) throws GeneralSecurityException, IOException {
        KeyStore store = empty();
        int number = 0;
        for (Certificate authority : certificates(PemFile.read(file))) {
            store.setCertificateEntry("authority-" + number++, authority);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager[] keyManagers(TlsFiles files) throws GeneralSecurityException, IOException {
        Path file = files.certificate().orElseThrow();
        KeyStore store;
        char[] password;
        if (isPem(file)) {
            PemFile certificate = PemFile.read(file);
            PemFile key = files.key().isPresent() ? PemFile.read(files.key().get()) : certificate;
            store = empty();
            password = IN_MEMORY;
            store.setKeyEntry(
                    "certificate", privateKey(key), password, certificates(certificate).toArray(Certificate[]::new));
        } else {
            password = files.password().orElse("").toCharArray();
            store = pkcs12(file, password);
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, password);
        return factory.getKeyManagers();
    }

    private static boolean isPem(Path file) throws IOException {
        try {
            return Files.size(file) == 0 || new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                    .contains("-----BEGIN");
        } catch (IOException e) {
            throw ConfigurationReader.failure("reading the certificate " + file + ": " + Faults.words(e), e);
        }
    }

    private static KeyStore pkcs12(Path file, char[] password) throws GeneralSecurityException, RemoteFailure {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (var in = Files.newInputStream(file)) {
                store.load(in, password);
            }
            return store;
        } catch (IOException e) {
            throw ConfigurationReader.failure(
                    "reading the certificate " + file + " as PKCS #12: " + Faults.words(e)
                            + "; its password is UNDUMP_REMOTE_CERTIFICATE_PASSWORD or that of ..._FILE",
                    e);
        }
    }

    private static List<Certificate> certificates(PemFile pem) throws KeyFileException {
        List<byte[]> found = pem.all(CERTIFICATE);
        if (found.isEmpty()) {
            throw pem.lacks("a " + CERTIFICATE, "name the file with the certificate");
        }
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            List<Certificate> certificates = new ArrayList<>();
            for (byte[] der : found) {
                certificates.add(factory.generateCertificate(new ByteArrayInputStream(der)));
            }
            return certificates;
        } catch (GeneralSecurityException e) {
            throw pem.unusable(CERTIFICATE, e);
        }
    }

    private static PrivateKey privateKey(PemFile pem) throws GeneralSecurityException, KeyFileException {
        List<byte[]> found = pem.all(KEY);
        if (found.size() != 1) {
            throw pem.lacks(
                    "one " + KEY, "name its file with UNDUMP_REMOTE_CERTIFICATE_KEY; openssl pkcs8 -topk8 -nocrypt makes that form");
        }
        InvalidKeySpecException last = null;
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(found.get(0)));
            } catch (InvalidKeySpecException e) {
                last = e;
            }
        }
        throw pem.unusable(KEY + " as a key of " + String.join(", ", ALGORITHMS), last);
    }

    private static KeyStore empty() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
