// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file has appeared or become another one since the program began.
 *
 * @param path absolute, or from the program's directory
 */
public record ChangedFile(Path path) implements Readiness {

    private static final String MISSING = "missing";

    @Override
    public String word() {
        return "file:" + path;
    }

    @Override
    public String before(Path directory) throws IOException {
        return identity(directory.resolve(path));
    }

    @Override
    public Watch watch(WatchedProgram program, String before) {
        Path file = program.directory().resolve(path);
        return () -> {
            String now = identity(file);
            return !now.equals(MISSING) && !now.equals(before);
        };
    }

    private static String identity(Path file) throws IOException {
        try {
            Map<String, Object> found = Files.readAttributes(file, "unix:dev,ino,size,lastModifiedTime,ctime");
            return found.get("dev") + " " + found.get("ino") + " " + found.get("size") + " " + found.get("lastModifiedTime") + " "
                    + found.get("ctime");
        } catch (NoSuchFileException e) {
            return MISSING;
        }
    }
}
