// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Digests of files, remembered as long as a file is what it was: path, size, times of content and of inode in nanoseconds, inode, device. A file
 * whose inode was changed within the last seconds, or in the future, is digested anew each time, for a later change could bear the same times.
 */
public final class FileDigests {

    private static final String HEAD = "undump-digest 1";
    /** More than the coarsest time stamps of file systems in use, and than clocks of file servers usually are off. */
    private static final Duration SETTLED = Duration.ofSeconds(5);
    private static final int TRIES = 3;

    private final Optional<Path> folder;
    private final Disk disk;
    private final StorePaths paths;
    private final Clock clock;

    FileDigests(StorePaths paths, Disk disk, Clock clock) {
        this.folder = Optional.of(paths.digests());
        this.paths = paths;
        this.disk = disk;
        this.clock = clock;
    }

    private FileDigests() {
        this.folder = Optional.empty();
        this.paths = null;
        this.disk = null;
        this.clock = Clock.systemUTC();
    }

    /** Returns digests that are computed each time. */
    public static FileDigests unremembered() {
        return new FileDigests();
    }

    /**
     * Digests a file; links are followed.
     *
     * @throws IOException if it cannot be read, or is written to all the time
     */
    public Digest of(Path file) throws IOException {
        String path = file.toAbsolutePath().toString();
        String identity = identity(file);
        Optional<Digest> remembered = remembered(path, identity);
        if (remembered.isPresent()) {
            return remembered.get();
        }
        for (int i = 0; i < TRIES; i++) {
            Instant start = clock.instant();
            Digest digest;
            try (InputStream content = Files.newInputStream(file)) {
                digest = Digest.of(content);
            }
            String after = identity(file);
            if (after.equals(identity)) {
                remember(path, file, identity, digest, start);
                return digest;
            }
            identity = after;
        }
        throw new StoreException(file, "digesting " + file + ": it is written to all the time", null);
    }

    private Optional<Digest> remembered(String path, String identity) {
        if (folder.isEmpty()) {
            return Optional.empty();
        }
        try {
            Optional<byte[]> text = disk.read(memo(path));
            String start = HEAD + "\n" + identity;
            if (text.isEmpty()) {
                return Optional.empty();
            }
            String found = new String(text.get(), UTF_8);
            return found.length() == start.length() + 2 * Digest.SIZE_BYTES + 1 && found.startsWith(start)
                    ? Optional.of(new Digest(found.substring(start.length(), found.length() - 1)))
                    : Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void remember(String path, Path file, String identity, Digest digest, Instant start) throws IOException {
        FileTime changed = (FileTime) Files.getAttribute(file, "unix:ctime");
        if (folder.isEmpty() || changed.toInstant().isAfter(start.minus(SETTLED))) {
            return;
        }
        Path part = paths.newPart("digest");
        try {
            disk.writeLightly(part, (HEAD + "\n" + identity + digest.hex() + "\n").getBytes(UTF_8));
            disk.rename(part, memo(path));
        } catch (IOException e) {
            // What cannot be remembered is computed again.
            disk.discard(part, e);
        }
    }

    private Path memo(String path) {
        return folder.orElseThrow().resolve(Digest.of(path.getBytes(UTF_8)).hex());
    }

    private static String identity(Path file) throws IOException {
        Map<String, Object> status = Files.readAttributes(file, "unix:size,ino,dev,lastModifiedTime,ctime");
        StringBuilder text = new StringBuilder();
        for (String name : List.of("size", "ino", "dev")) {
            text.append(name).append(' ').append(status.get(name)).append('\n');
        }
        for (String name : List.of("lastModifiedTime", "ctime")) {
            Instant time = ((FileTime) status.get(name)).toInstant();
            text.append(name).append(' ').append(time.getEpochSecond()).append(' ').append(time.getNano()).append('\n');
        }
        return text.toString();
    }
}
