// SPDX-License-Identifier: Apache-2.0
package dev.undump.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.CodeSource;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * libundump-java.so, loaded once: the file that the property {@code undump.library} names; the one beside our jar, in a checkout or
 * an installed tree; else the one inside the jar, which is unpacked and has no name any more when it is loaded.
 */
final class NativeLibrary {
    private static final String FILE = "libundump-java.so";
    private static final String RESOURCE = "/META-INF/undump/x86_64/" + FILE;

    private static final Optional<String> FAILURE = load();

    private NativeLibrary() {}

    /** Why it is not there; empty when it is. */
    static Optional<String> failure() {
        return FAILURE;
    }

    private static Optional<String> load() {
        String system = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
        if (!system.equals("Linux on amd64")) {
            return Optional.of("loading undump: it is for Linux on amd64, and this is " + system);
        }
        try {
            Optional<Path> file = file();
            if (file.isPresent()) {
                System.load(file.get().toString());
            } else {
                loadResource();
            }
            return Optional.empty();
        } catch (IOException | UnsatisfiedLinkError | IllegalCallerException e) {
            return Optional.of("loading undump's " + FILE + ": " + e.getMessage()
                    + "; -Dundump.library=FILE names another one, -Djava.io.tmpdir=DIRECTORY a place to unpack it");
        }
    }

    private static Optional<Path> file() throws IOException {
        String named = System.getProperty("undump.library");
        if (named != null) {
            return Optional.of(Path.of(named).toAbsolutePath());
        }
        return home().flatMap(home -> Stream.of(home.resolve(FILE), home.resolve("native/" + FILE))
                .filter(Files::isReadable)
                .findFirst());
    }

    /** The folder that holds our jar, or the folder of our classes; empty when they come from inside another jar. */
    static Optional<Path> home() {
        CodeSource source = NativeLibrary.class.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null) {
            return Optional.empty();
        }
        try {
            return Optional.ofNullable(Path.of(URI.create(source.getLocation().toString())).toAbsolutePath().getParent());
        } catch (IllegalArgumentException | FileSystemNotFoundException e) {
            return Optional.empty();
        }
    }

    private static void loadResource() throws IOException {
        Path copy = Files.createTempFile("libundump-java", ".so");
        try (InputStream resource = NativeLibrary.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IOException(RESOURCE + " is not in the jar");
            }
            Files.copy(resource, copy, StandardCopyOption.REPLACE_EXISTING);
            System.load(copy.toString());
        } finally {
            Files.delete(copy);
        }
    }
}
