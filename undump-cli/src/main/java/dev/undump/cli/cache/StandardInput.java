// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * Whether a program has read from its standard input. What it has read is in its memory, and a launch with another input would go on
 * with the wrong one.
 */
final class StandardInput {

    static final String UNKNOWN = "unknown";
    static final String TERMINAL = "terminal";
    private static final String NOTHING = "nothing";
    private static final int KIND = 0170000;
    private static final int REGULAR = 0100000;
    private static final int PIPE = 0010000;
    private static final int CHARACTERS = 0020000;
    private static final String NULL_DEVICE = "/dev/null";
    private static final String TERMINALS = "/dev/pts/|/dev/tty.*|/dev/console";

    private StandardInput() {}

    /**
     * Returns where reading from it stands, as one line; two that differ mean that somebody has read.
     *
     * @param proc folder of a process in /proc
     */
    static String state(Path proc) throws IOException {
        Path link = proc.resolve("fd/0");
        if (!Files.exists(link)) {
            return NOTHING;
        }
        Map<String, Object> facts = Files.readAttributes(link, "unix:mode,ino,lastAccessTime");
        switch ((Integer) facts.get("mode") & KIND) {
            case REGULAR:
                return "file " + facts.get("ino") + " " + position(proc);
            case PIPE:
                // The kernel notes each successful read of a pipe there.
                return "pipe " + facts.get("ino") + " " + ((FileTime) facts.get("lastAccessTime")).toInstant();
            case CHARACTERS:
                return device(Files.readSymbolicLink(link).toString());
            default:
                return UNKNOWN;
        }
    }

    private static String device(String path) {
        if (path.equals(NULL_DEVICE)) {
            return NOTHING;
        }
        return path.startsWith("/dev/pts/") || path.matches(TERMINALS) ? TERMINAL : UNKNOWN;
    }

    private static String position(Path proc) throws IOException {
        return Files.readAllLines(proc.resolve("fdinfo/0")).stream()
                .filter(line -> line.startsWith("pos:"))
                .map(line -> line.substring("pos:".length()).strip())
                .findFirst()
                .orElse("?");
    }
}
