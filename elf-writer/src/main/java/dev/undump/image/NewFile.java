// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.DataPiece;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
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
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that appears under its name only when it is complete: written beside it, flushed to the disk, renamed. Closed without
 * {@link #commit}, it leaves nothing behind.
 */
public final class NewFile implements Closeable {

    private static final String IMAGE = "the image";
    private static final String IMAGE_MODE = "rwx------";

    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final String what;
    private final Set<PosixFilePermission> mode;
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final long sizeBytes;
    private boolean committed;

    /** A file that is open under its first name. */
    private record Temporary(Path path, FileChannel channel) {}

    private NewFile(String what, Set<PosixFilePermission> mode, Path target, Temporary temporary, long sizeBytes) {
        this.what = what;
        this.mode = mode;
        this.target = target;
        this.temporary = temporary.path();
        this.channel = temporary.channel();
        this.sizeBytes = sizeBytes;
    }

    static NewFile create(Path wanted, long sizeBytes) throws ImageException {
        return create(wanted, IMAGE, PosixFilePermissions.fromString(IMAGE_MODE), sizeBytes);
    }

    /**
     * Makes the temporary file.
     *
     * @param wanted the name that it gets; an existing regular file is replaced
     * @param what for messages, like "the image"
     * @param mode that it gets, whatever the umask is
     * @param sizeBytes for messages; 0 when it is not known
     * @throws ImageException if there is no such folder or it cannot be written to
     */
    public static NewFile create(Path wanted, String what, Set<PosixFilePermission> mode, long sizeBytes)
            throws ImageException {
        if (Files.exists(wanted) && !Files.isRegularFile(wanted)) {
            String found = Files.isDirectory(wanted) ? "it is a directory" : "it is there and no regular file";
            throw new ImageException(wanted, "writing " + what + " " + wanted + ": " + found, null);
        }
        Path target = behindLinks(wanted, what);
        Path folder = folderOf(target);
        try {
            Temporary temporary = createBeside(target, folder);
            return new NewFile(what, Set.copyOf(mode), target, temporary, sizeBytes);
        } catch (NoSuchFileException e) {
            throw new ImageException(
                    target, "writing " + what + " " + target + ": the directory " + folder + " does not exist", e);
        } catch (IOException e) {
            throw new ImageException(target, "writing " + what + " " + target + ": " + reason(e), e);
        }
    }

    /** Gives the file its length beforehand: what is not written stays a hole. */
    public void setLength(long bytes) throws ImageException {
        try (RandomAccessFile file = new RandomAccessFile(temporary.toFile(), "rw")) {
            file.setLength(bytes);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Returns what has been written so far; the channel is closed together with this. */
    public FileChannel contents() {
        return channel;
    }

    /** Writes all bytes; several threads may do so at once. */
    public void write(ByteBuffer bytes, long offset) throws ImageException {
        try {
            long position = offset;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Copies the beginning of another file; what is a hole there stays one.
     *
     * @param from that file, open
     */
    public void copyFrom(Path source, FileChannel from, long bytes, WriteProgress progress) throws IOException {
        try (PageCopy copy = new PageCopy(source, from, this, 0, progress)) {
            copy.start(List.of(new DataPiece(0, bytes, 0)));
            copy.await();
        }
    }

    /** Uses a file under its temporary name. */
    public interface Use<T> {
        T apply(Path file) throws IOException;
    }

    /**
     * Lets the file be executed under its temporary name. The kernel executes none that somebody has open for writing, and opens
     * none for writing that somebody executes: from now on, the file can only be committed or closed.
     */
    public <T> T asProgram(Use<T> use) throws IOException {
        finish();
        return use.apply(temporary);
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
    public void commit() throws ImageException {
        finish();
        try {
            move();
            committed = true;
            try (FileChannel folder = FileChannel.open(folderOf(target), StandardOpenOption.READ)) {
                folder.force(true);
            }
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Has all of it on the disk, and its mode right: that at creation is subject to the umask. */
    private void finish() throws ImageException {
        try {
            if (channel.isOpen()) {
                channel.force(true);
                channel.close();
                Files.setPosixFilePermissions(temporary, mode);
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
        String size = sizeBytes == 0 ? "" : " (" + sizeBytes + " bytes)";
        return new ImageException(target, "writing " + what + " " + target + size + ": " + reason(cause), cause);
    }

    /** A link stays one; what it leads to is replaced. */
    private static Path behindLinks(Path wanted, String what) throws ImageException {
        try {
            return Files.isSymbolicLink(wanted) && Files.exists(wanted) ? wanted.toRealPath() : wanted;
        } catch (IOException e) {
            throw new ImageException(wanted, "writing " + what + " " + wanted + ": " + reason(e), e);
        }
    }

    /** Files.createTempFile would load all of Java's security for its random names. */
    private static Temporary createBeside(Path target, Path folder) throws IOException {
        while (true) {
            String unique = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
            Path temporary = folder.resolve("." + target.getFileName() + "." + unique + ".tmp");
            try {
                return new Temporary(temporary, FileChannel.open(temporary, NEW, OWNER_ONLY));
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
