// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What this process hands on to the program that it becomes. */
final class ProcessFacts {

    /**
     * Those that a program meets or sizes itself by. The kernel makes the limits of processes and signals of the machine's memory, so
     * they would part machines that {@code memory.class} joins; it does not look at those of resident memory and of locks.
     */
    private static final Map<String, String> LIMITS = Map.ofEntries(
            Map.entry("Max cpu time", "cpu"),
            Map.entry("Max file size", "fsize"),
            Map.entry("Max data size", "data"),
            Map.entry("Max stack size", "stack"),
            Map.entry("Max core file size", "core"),
            Map.entry("Max open files", "nofile"),
            Map.entry("Max locked memory", "memlock"),
            Map.entry("Max address space", "as"),
            Map.entry("Max msgqueue size", "msgqueue"),
            Map.entry("Max realtime timeout", "rttime"));

    private static final int NAME_END = 26;
    private static final int SOFT_END = 47;
    private static final int HARD_END = 68;
    private static final int STANDARD_FILES = 3;

    private final Path proc;

    ProcessFacts(Path proc) {
        this.proc = proc;
    }

    /** Returns user, group, rights and limits; the umask where it is the capture's that counts. */
    List<KeyPart> parts(boolean withUmask) throws IOException {
        StatusFile status = StatusFile.read(proc);
        List<KeyPart> parts = new ArrayList<>();
        // Real, effective and saved; the fourth, of file systems, follows the effective one.
        parts.add(new KeyPart("uid", firstThree(status.value("Uid"))));
        parts.add(new KeyPart("gid", firstThree(status.value("Gid"))));
        parts.add(new KeyPart("groups", status.value("Groups")));
        parts.add(new KeyPart("capabilities", status.value("CapEff")));
        parts.add(new KeyPart("no-new-privileges", status.value("NoNewPrivs")));
        if (withUmask) {
            parts.add(new KeyPart("umask", status.value("Umask")));
        }
        for (String line : Files.readAllLines(proc.resolve("self/limits"), US_ASCII)) {
            if (line.length() >= HARD_END && LIMITS.containsKey(line.substring(0, NAME_END).strip())) {
                String name = LIMITS.get(line.substring(0, NAME_END).strip());
                String soft = line.substring(NAME_END, SOFT_END).strip();
                parts.add(new KeyPart("limit." + name, soft + " " + line.substring(SOFT_END, HARD_END).strip()));
            }
        }
        return parts;
    }

    /** Returns what the standard files are: C libraries choose their buffers, and many programs colours, by it. */
    List<KeyPart> standardFiles() {
        List<KeyPart> parts = new ArrayList<>();
        for (int number = 0; number < STANDARD_FILES; number++) {
            parts.add(new KeyPart("stream." + number, kind(proc.resolve("self/fd").resolve(Integer.toString(number)))));
        }
        return parts;
    }

    private static String kind(Path descriptor) {
        String target;
        BasicFileAttributes attributes;
        try {
            target = Files.readSymbolicLink(descriptor).toString();
            attributes = Files.readAttributes(descriptor, BasicFileAttributes.class);
        } catch (IOException e) {
            return "closed";
        }
        if (target.startsWith("pipe:") || target.startsWith("socket:")) {
            return target.substring(0, target.indexOf(':'));
        }
        if (attributes.isRegularFile()) {
            return "file";
        }
        if (target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console")) {
            return "terminal";
        }
        return target.equals("/dev/null") ? "null" : "other";
    }

    private static String firstThree(String ids) {
        String[] words = ids.split("\\s+");
        return words[0] + " " + words[1] + " " + words[2];
    }
}
