// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;

/** Writes the settings that the JVM of a preparation reads; dev.undump.command.Settings says what they mean. */
final class PreparationSettings {

    private final Properties properties = new Properties();

    PreparationSettings set(String name, Object value) {
        properties.setProperty(name, value.toString());
        return this;
    }

    PreparationSettings list(String name, List<?> values) {
        for (int i = 0; i < values.size(); i++) {
            set(name + "." + i, values.get(i));
        }
        return this;
    }

    void write(Path file) throws IOException {
        try (Writer writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
            properties.store(writer, null);
        }
    }
}
