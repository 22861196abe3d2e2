// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears under its name only when it is complete: written beside it, flushed to the disk, renamed. Closed without
 * {@link #commit}, it leaves nothing behind.
 */
final class NewFile implements Closeable {

    private static final String MODE = "rwx------";

    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(MODE));

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final long sizeBytes;
    private boolean committed;

    private NewFile(Path target, Path temporary, FileChannel channel, long sizeBytes) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
        this.sizeBytes = sizeBytes;
    }

    static NewFile create(Path wanted, long sizeBytes) throws ImageException {
        if (Files.exists(wanted) && !Files.isRegularFile(wanted)) {
            String what = Files.isDirectory(wanted) ? "it is a directory" : "it is there and no regular file";
            throw new ImageException(wanted, "writing the image " + wanted + ": " + what, null);
        }
        Path target = behindLinks(wanted);
        Path folder = folderOf(target);
        try {
            return createBeside(target, folder, sizeBytes);
        } catch (NoSuchFileException e) {
            throw new ImageException(target, "writing the image " + target + ": the directory " + folder + " does not exist", e);
        } catch (IOException e) {
            throw new ImageException(target, "writing the image " + target + ": " + reason(e), e);
        }
    }

    void write(ByteBuffer bytes, long offset) throws ImageException {
        try {
            long position = offset;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Returns what copies into this file without moving bytes; empty where the file system has no such thing. */
    Optional<KernelCopy> kernelCopyFrom(Path source) {
        return KernelCopy.open(source, temporary);
    }

    /** Has what was written up to now on the disk. May be called while others write. */
    void flush() throws ImageException {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Gives the file its name. */
    void commit() throws ImageException {
        try {
            channel.force(true);
            channel.close();
            // The mode at creation is subject to the umask.
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString(MODE));
            move();
            committed = true;
            try (FileChannel folder = FileChannel.open(folderOf(target), StandardOpenOption.READ)) {
                folder.force(true);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }

    private void move() throws IOException {
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private ImageException failed(IOException cause) {
        return new ImageException(
                target, "writing the image " + target + " (" + sizeBytes + " bytes): " + reason(cause), cause);
    }

    /** A link stays one; what it leads to is replaced. */
    private static Path behindLinks(Path wanted) throws ImageException {
        try {
            return Files.isSymbolicLink(wanted) && Files.exists(wanted) ? wanted.toRealPath() : wanted;
        } catch (IOException e) {
            throw new ImageException(wanted, "writing the image " + wanted + ": " + reason(e), e);
        }
    }

    /** Files.createTempFile would load all of Java's security for its random names. */
    private static NewFile createBeside(Path target, Path folder, long sizeBytes) throws IOException {
        while (true) {
            String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
            Path temporary = folder.resolve("." + target.getFileName() + "." + unique + ".tmp");
            try {
                return new NewFile(target, temporary, FileChannel.open(temporary, NEW, OWNER_ONLY), sizeBytes);
            } catch (FileAlreadyExistsException e) {
                // The next name.
            }
        }
    }

    private static Path folderOf(Path target) {
        Path parent = target.toAbsolutePath().getParent();
        return parent == null ? target.toAbsolutePath().getRoot() : parent;
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
