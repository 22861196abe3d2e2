// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A file of mode 0600 under a name of its own, which is deleted when it is closed unless it was kept. */
final class ScratchFile implements Closeable {

    private static final String MODE = "rw-------";
    private static final String EXECUTABLE = "rwx------";

    private final Path path;
    private final FileChannel channel;
    private boolean kept;

    private ScratchFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static ScratchFile create(Path folder, String prefix) throws IOException {
        Files.createDirectories(folder);
        Path path = Files.createTempFile(
                folder, prefix, ".part", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE)));
        return new ScratchFile(
                path, FileChannel.open(path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)));
    }

    Path path() {
        return path;
    }

    FileChannel channel() {
        return channel;
    }

    /** Puts the bytes on the disk and makes the file executable; closing leaves it. */
    Path keepAsExecutable() throws IOException {
        channel.force(true);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(EXECUTABLE));
        kept = true;
        return path;
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            if (!kept) {
                Files.deleteIfExists(path);
            }
        }
    }
}
