// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The steps that a store is made of, each atomic on local disks and on NFS. Reading is tried again where a file server may have lost a file
 * handle (ESTALE) or an answer.
 */
class Disk {

    static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");

    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    private static final FileAttribute<?> PRIVATE_FOLDER = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
    private static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final int READ_TRIES = 3;
    private static final int MOST_TRIES = 10;

    /** Something that may fail. */
    interface Step<T> {
        T run() throws IOException;
    }

    /** Reads a small file; empty when there is none. */
    Optional<byte[]> read(Path file) throws IOException {
        return reading(() -> Optional.of(Files.readAllBytes(file)));
    }

    /** Returns the attributes of the file itself, not of what a link leads to; empty when there is none. */
    Optional<BasicFileAttributes> status(Path file) throws IOException {
        return reading(() ->
                Optional.of(Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)));
    }

    /** Returns what a folder holds, in no order; nothing when there is none. */
    List<Path> list(Path folder) throws IOException {
        return reading(() -> {
                    List<Path> files = new ArrayList<>();
                    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
                        stream.forEach(files::add);
                    } catch (NotDirectoryException e) {
                        return Optional.of(List.<Path>of());
                    } catch (DirectoryIteratorException e) {
                        throw e.getCause();
                    }
                    return Optional.of(files);
                })
                .orElse(List.of());
    }

    /** Returns what the folders of a folder hold. */
    List<Path> listShards(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        for (Path shard : list(folder)) {
            files.addAll(list(shard));
        }
        return files;
    }

    /** Opens a file that is not there yet, for its owner only. */
    FileChannel create(Path file) throws IOException {
        try {
            return FileChannel.open(file, NEW, PRIVATE_FILE);
        } catch (NoSuchFileException e) {
            makeFolder(file.getParent());
            return FileChannel.open(file, NEW, PRIVATE_FILE);
        }
    }

    /** Writes a new file and has it on the disk. */
    void write(Path file, byte[] content) throws IOException {
        write(file, content, true);
    }

    /** Writes a new file, which a crash of the machine may leave empty. */
    void writeLightly(Path file, byte[] content) throws IOException {
        write(file, content, false);
    }

    private void write(Path file, byte[] content, boolean durable) throws IOException {
        FileChannel created = create(file);
        try (FileChannel channel = created) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
        } catch (IOException e) {
            discard(file, e);
            throw e;
        }
    }

    /** Renames, and has the name on the disk. */
    void renameDurably(Path from, Path to) throws IOException {
        rename(from, to);
        syncFolder(to.getParent());
    }

    /** Gives a file another name on the same file system, in place of a file that has it. */
    void rename(Path from, Path to) throws IOException {
        makeFolder(to.getParent());
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (NoSuchFileException e) {
            // NFS: the first answer was lost, and the second question finds it done.
            if (Files.exists(from) || !Files.exists(to)) {
                throw e;
            }
        }
    }

    /**
     * Gives a file a second name that nothing has yet: of several who try, one succeeds.
     *
     * @return false when something has that name
     */
    boolean link(Path existing, Path name) throws IOException {
        makeFolder(name.getParent());
        try {
            Files.createLink(name, existing);
            return true;
        } catch (FileAlreadyExistsException e) {
            // NFS: the first answer was lost; see open(2) on O_EXCL.
            return isSame(existing, name);
        } catch (UnsupportedOperationException e) {
            return copyExclusively(existing, name);
        } catch (FileSystemException e) {
            // A file system without hard links says EPERM, ENOSYS or EOPNOTSUPP, and Java only their texts.
            if (Files.exists(name) || !Files.exists(existing)) {
                throw e;
            }
            return copyExclusively(existing, name);
        }
    }

    /** Removes a file; false when there was none. */
    boolean delete(Path file) throws IOException {
        return Files.deleteIfExists(file);
    }

    /** Sets when a file was changed last, and makes an empty one when there is none; a collection may remove it meanwhile. */
    void touch(Path file, Instant time) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                Files.setLastModifiedTime(file, FileTime.from(time));
                return;
            } catch (NoSuchFileException e) {
                if (tries == MOST_TRIES) {
                    throw e;
                }
            }
            try (FileChannel channel = create(file)) {
                channel.force(false);
            } catch (FileAlreadyExistsException e) {
                // Somebody else made it.
            }
        }
    }

    /** Makes a folder, and those above, for their owner only. */
    void makeFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder, PRIVATE_FOLDER);
        }
    }

    /** Removes what a failed step left; the failure stays the one that is told. */
    void discard(Path file, IOException failure) {
        try {
            delete(file);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Has a folder's names on the disk. */
    private static void syncFolder(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (FileSystemException e) {
            // Some network file systems open no folders; their servers keep names by themselves.
            if (!Files.isDirectory(folder)) {
                throw e;
            }
        }
    }

    private boolean copyExclusively(Path existing, Path name) throws IOException {
        byte[] content = Files.readAllBytes(existing);
        try {
            write(name, content);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        }
    }

    private static boolean isSame(Path existing, Path name) {
        try {
            return Files.isSameFile(existing, name);
        } catch (IOException e) {
            return false;
        }
    }

    /** Asks the system once. */
    <T> T attempt(Step<T> step) throws IOException {
        return step.run();
    }

    private <T> Optional<T> reading(Step<Optional<T>> step) throws IOException {
        IOException failure = null;
        for (int i = 0; i < READ_TRIES; i++) {
            try {
                return attempt(step);
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (IOException e) {
                failure = e;
            }
        }
        throw failure;
    }
}
