// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs of Debian that the tests run to their end. */
final class Programs {

    private Programs() {}

    /** Runs one in a folder and returns what it printed; its failure is the test's. */
    static byte[] run(Path folder, byte[] input, String... command) throws IOException, InterruptedException {
        Path given = Files.createTempFile(folder, "in", null);
        Path printed = Files.createTempFile(folder, "out", null);
        Path complained = Files.createTempFile(folder, "err", null);
        Files.write(given, input);
        Process process = new ProcessBuilder(List.of(command))
                .directory(folder.toFile())
                .redirectInput(given.toFile())
                .redirectOutput(printed.toFile())
                .redirectError(complained.toFile())
                .start();
        boolean ended = process.waitFor(60, TimeUnit.SECONDS);
        process.destroyForcibly();
        assertThat(ended).as("%s ends", List.of(command)).isTrue();
        assertThat(process.exitValue())
                .as("status of %s: %s", List.of(command), Files.readString(complained, StandardCharsets.ISO_8859_1))
                .isZero();
        return Files.readAllBytes(printed);
    }
}
