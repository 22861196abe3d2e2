// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.NativeText;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Programs by the words that people call them by, as a shell finds them. */
final class ProgramPath {

    private static final String DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

    private ProgramPath() {}

    /**
     * Finds a program: a word with a slash is its path, another one is looked for in PATH.
     *
     * @return its absolute path; links are kept
     * @throws IllegalArgumentException if there is no such program, in words that follow the option's name
     */
    static NativeText find(String word) {
        String places = Optional.ofNullable(System.getenv("PATH")).orElse(DEFAULT_PATH);
        return find(word, places)
                .map(path -> NativeText.of(path.toAbsolutePath().toString()))
                .orElseThrow(() -> new IllegalArgumentException(
                        "takes a program first, and there is no \"" + Printable.line(word) + "\" that can be run"));
    }

    static Optional<Path> find(String word, String places) {
        if (word.isEmpty() || word.indexOf('\0') >= 0) {
            return Optional.empty();
        }
        if (word.indexOf('/') >= 0) {
            return Optional.of(Path.of(word)).filter(ProgramPath::isProgram);
        }
        for (String place : places.split(Pattern.quote(File.pathSeparator), -1)) {
            Path candidate = Path.of(place).resolve(word);
            if (isProgram(candidate)) {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    private static boolean isProgram(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }
}
