// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the file that execvp(3) would execute. */
public final class ProgramFinder {

    /** What glibc and musl search without PATH, {@code confstr(_CS_PATH)} with glibc. */
    private static final String DEFAULT_PATH = "/bin:/usr/bin";

    private ProgramFinder() {}

    /**
     * Looks a program up.
     *
     * @param word as in a command line; with a slash it is a path
     * @param path value of PATH; empty when that is not set
     * @param workingDirectory absolute; what relative paths and empty entries of PATH are relative to
     * @return the path as it was found, absolute, links in it not followed; empty when there is no such file or it cannot be executed
     */
    public static Optional<Path> find(String word, Optional<String> path, Path workingDirectory) {
        if (word.isEmpty()) {
            return Optional.empty();
        }
        if (word.indexOf('/') >= 0) {
            return executable(workingDirectory, word);
        }
        for (String folder : path.orElse(DEFAULT_PATH).split(":", -1)) {
            Optional<Path> found = executable(workingDirectory, folder.isEmpty() ? word : folder + "/" + word);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static Optional<Path> executable(Path workingDirectory, String name) {
        try {
            Path file = workingDirectory.resolve(name);
            return Files.isRegularFile(file) && Files.isExecutable(file) ? Optional.of(file) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
