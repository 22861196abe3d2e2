// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** An authority of the test's own, made with openssl, and what it signs. */
final class Certificates {

    private static final String[] NEW_KEY = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"};

    final Path folder;
    final Path authority;

    Certificates(Path folder) throws IOException, InterruptedException {
        this.folder = Files.createDirectories(folder);
        this.authority = folder.resolve("authority.pem");
        openssl("req", "-x509", "-subj", "/CN=authority", "-days", "2", "-keyout", "authority.key", "-out", "authority.pem");
    }

    /** Signs NAME.pem with NAME.key; negative days make one that has expired. */
    Path sign(String name, String subjectAlternative, int days) throws IOException, InterruptedException {
        openssl("req", "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr");
        Files.writeString(folder.resolve(name + ".ext"), "subjectAltName=" + subjectAlternative + "\n");
        Programs.run(
                folder, new byte[0], "openssl", "x509", "-req", "-in", name + ".csr", "-CA", "authority.pem", "-CAkey",
                "authority.key", "-CAcreateserial", "-days", Integer.toString(days), "-extfile", name + ".ext", "-out",
                name + ".pem");
        return folder.resolve(name + ".pem");
    }

    Path key(String name) {
        return folder.resolve(name + ".key");
    }

    Path pkcs12(String name, String password) throws IOException, InterruptedException {
        Programs.run(
                folder, new byte[0], "openssl", "pkcs12", "-export", "-in", name + ".pem", "-inkey", name + ".key",
                "-passout", "pass:" + password, "-out", name + ".p12");
        return folder.resolve(name + ".p12");
    }

    private void openssl(String command, String... words) throws IOException, InterruptedException {
        String[] all = new String[2 + NEW_KEY.length + words.length];
        all[0] = "openssl";
        all[1] = command;
        System.arraycopy(NEW_KEY, 0, all, 2, NEW_KEY.length);
        System.arraycopy(words, 0, all, 2 + NEW_KEY.length, words.length);
        Programs.run(folder, new byte[0], all);
    }
}
