// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;

/** Where damaged files go: by rename, so that a program that runs from one is not harmed, and people can look at it. */
final class Quarantine {

    private final StorePaths paths;
    private final Disk disk;
    private final Clock clock;

    Quarantine(StorePaths paths, Disk disk, Clock clock) {
        this.paths = paths;
        this.disk = disk;
        this.clock = clock;
    }

    /** Moves a file there; nothing happens when it is gone. */
    void take(Path file) throws IOException {
        String name = clock.millis() + "." + StorePaths.unique() + "." + file.getFileName();
        try {
            disk.makeFolder(paths.quarantine());
            disk.renameDurably(file, paths.quarantine().resolve(name));
        } catch (NoSuchFileException e) {
            // Somebody else was quicker.
        }
    }

    /** Tells since when a file has been there. */
    static Instant since(Path file) {
        String millis = file.getFileName().toString().split("\\.")[0];
        return millis.matches("[0-9]{1,18}") ? Instant.ofEpochMilli(Long.parseLong(millis)) : Instant.EPOCH;
    }
}
