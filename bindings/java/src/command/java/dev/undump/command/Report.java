// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Lines for {@code undump java}, each beginning with {@code note:} or {@code failed:}. */
final class Report {
    private final Path file;

    Report(Path file) {
        this.file = file;
    }

    void note(String text) {
        line("note: " + text);
    }

    void failed(String text) {
        line("failed: " + text);
    }

    private void line(String text) {
        try {
            Files.writeString(
                    file, text.replace('\n', ' ') + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new Unprepared("writing " + file + ": " + e.getMessage());
        }
    }
}
