// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;

/** Brings an image into a store: it appears under its digest when all of it is on the disk, and is never written to again. */
final class ImageIntake {

    private static final int PIECE_BYTES = 1 << 16;
    private static final byte[] ZEROS = new byte[PIECE_BYTES];

    private final StorePaths paths;
    private final Disk disk;
    private final Clock clock;

    ImageIntake(StorePaths paths, Disk disk, Clock clock) {
        this.paths = paths;
        this.disk = disk;
        this.clock = clock;
    }

    /** An image that is in the store. */
    record Stored(Digest digest, long sizeBytes) {}

    /** Takes a file; afterwards it is gone from where it was. */
    Stored take(Path image) throws IOException {
        Path source = image.toRealPath();
        if (!Files.isRegularFile(source, LinkOption.NOFOLLOW_LINKS)) {
            throw new StoreException(image, "putting the image " + image + " into the store: it is no regular file", null);
        }
        Path part = paths.newPart("image");
        try {
            boolean moved = moveOrCopy(source, part);
            Digest digest = settle(part);
            long size = Files.size(part);
            // First, so that no collection takes the image for one that nobody has used for long.
            disk.touch(paths.used(digest), clock.instant());
            place(part, digest, size);
            if (!moved) {
                disk.delete(source);
            }
            return new Stored(digest, size);
        } catch (IOException e) {
            disk.discard(part, e);
            throw e;
        }
    }

    /** One that is there already stays, for programs may run from it; unless it is damaged. */
    private void place(Path part, Digest digest, long size) throws IOException {
        Path target = paths.image(digest);
        Optional<BasicFileAttributes> there = disk.status(target);
        if (there.isPresent()) {
            if (there.get().isRegularFile() && there.get().size() == size && digest.equals(digest(target))) {
                disk.delete(part);
                return;
            }
            new Quarantine(paths, disk, clock).take(target);
        }
        disk.renameDurably(part, target);
    }

    private boolean moveOrCopy(Path source, Path part) throws IOException {
        disk.makeFolder(part.getParent());
        try {
            Files.move(source, part, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (NoSuchFileException e) {
            throw e;
        } catch (FileSystemException e) {
            copy(source, part);
            return false;
        }
    }

    /** Holes stay holes: much of an image is. */
    private void copy(Path source, Path part) throws IOException {
        try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
                FileChannel to = disk.create(part)) {
            byte[] piece = new byte[PIECE_BYTES];
            long position = 0;
            int count = from.read(ByteBuffer.wrap(piece));
            while (count >= 0) {
                if (Arrays.mismatch(piece, 0, count, ZEROS, 0, count) >= 0) {
                    ByteBuffer bytes = ByteBuffer.wrap(piece, 0, count);
                    while (bytes.hasRemaining()) {
                        to.write(bytes, position + bytes.position());
                    }
                }
                position += count;
                count = from.read(ByteBuffer.wrap(piece));
            }
            if (to.size() < position) {
                to.write(ByteBuffer.allocate(1), position - 1);
            }
        }
    }

    private Digest settle(Path part) throws IOException {
        Files.setPosixFilePermissions(part, Disk.OWNER_ONLY);
        Files.setLastModifiedTime(part, FileTime.from(clock.instant()));
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        return digest(part);
    }

    private static Digest digest(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return Digest.of(content);
        }
    }
}
