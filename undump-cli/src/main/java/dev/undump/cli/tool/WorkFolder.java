// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

/** A folder for the files of a program that takes its own checkpoint; it is deleted with all that is in it. */
public final class WorkFolder implements AutoCloseable {

    private static final int TRIES = 100;

    private final Path path;

    private WorkFolder(Path path) {
        this.path = path;
    }

    /**
     * Makes it, for its owner alone.
     *
     * @param parent where the image will lie there is room, and its data need not be copied on file systems that can share it
     */
    public static WorkFolder in(Path parent) throws IOException {
        return new WorkFolder(Files.createTempDirectory(parent, ".undump-"));
    }

    /** Returns the path of a file in it. */
    public Path file(String name) {
        return path.resolve(name);
    }

    /** A ckpt whose program has just been ended may make or take away its own file meanwhile. */
    @Override
    public void close() throws IOException {
        for (int left = TRIES; Files.exists(path); left--) {
            try {
                Files.walkFileTree(path, new Deletion());
            } catch (DirectoryNotEmptyException | NoSuchFileException e) {
                if (left == 0) {
                    throw e;
                }
            }
        }
    }

    private static final class Deletion extends SimpleFileVisitor<Path> {

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
