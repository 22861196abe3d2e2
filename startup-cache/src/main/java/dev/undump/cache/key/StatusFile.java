// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** {@code /proc/self/status}. */
final class StatusFile {

    private final Map<String, String> lines = new HashMap<>();
    private final Path file;

    private StatusFile(Path file) {
        this.file = file;
    }

    static StatusFile read(Path proc) throws IOException {
        StatusFile status = new StatusFile(proc.resolve("self/status"));
        for (String line : Files.readAllLines(status.file, ISO_8859_1)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                status.lines.put(line.substring(0, colon), line.substring(colon + 1).strip());
            }
        }
        return status;
    }

    String value(String name) throws KeyException {
        String value = lines.get(name);
        if (value == null) {
            throw new KeyException("describing the process: " + file + " has no line \"" + name + '"');
        }
        return value;
    }
}
