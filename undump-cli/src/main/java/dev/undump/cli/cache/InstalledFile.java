// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/** Files that people call by name in place of a program. They are replaced at once, never written to where they lie. */
final class InstalledFile {

    private static final FileAttribute<Set<PosixFilePermission>> OWNERS =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private InstalledFile() {}

    /** Makes the file the image itself: another name of it, or a copy on another file system. */
    static void putImage(Path image, Path file) throws IOException {
        replace(file, part -> {
            try {
                Files.createLink(part, image);
            } catch (FileSystemException | UnsupportedOperationException e) {
                copy(image, part);
            }
        });
    }

    /**
     * Makes the file a script that runs the command through the cache, which takes a moment more than an image does.
     *
     * @param run words of the call, behind which the arguments follow
     * @param original words of the command, for when undump is gone
     */
    static void putScript(List<String> run, List<String> original, Path file) throws IOException {
        String text = "#!/bin/sh\n"
                + "# Written by \"undump cache install\"; an image takes its place as soon as there is one.\n"
                + "[ -x " + ShellText.word(run.get(0)) + " ] || exec " + words(original) + " \"$@\"\n"
                + "exec " + words(run) + " \"$@\"\n";
        replace(file, part -> write(part, text));
    }

    private static String words(List<String> words) {
        List<String> quoted = new ArrayList<>();
        words.forEach(word -> quoted.add(ShellText.word(word)));
        return String.join(" ", quoted);
    }

    private static void write(Path part, String text) throws IOException {
        Files.createFile(part, OWNERS);
        Files.writeString(part, text, StandardCharsets.UTF_8);
    }

    private static void copy(Path image, Path part) throws IOException {
        Files.createFile(part, OWNERS);
        try (FileChannel from = FileChannel.open(image, StandardOpenOption.READ);
                FileChannel to = FileChannel.open(part, StandardOpenOption.WRITE)) {
            for (long position = 0; position < from.size(); ) {
                position += from.transferTo(position, from.size() - position, to);
            }
            to.force(true);
        }
    }

    private interface Maker {
        void make(Path part) throws IOException;
    }

    private static void replace(Path file, Maker maker) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path part = folder.resolve("." + file.getFileName() + "." + Long.toHexString(ThreadLocalRandom.current().nextLong()));
        try {
            maker.make(part);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
