// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * Entries as files. Whoever removes one takes its name away first and looks then what it was: another process may have put a newer one in
 * its place, which gets the name back.
 */
final class Entries {

    private static final String ASIDE = "entry";

    private final StorePaths paths;
    private final Disk disk;

    Entries(StorePaths paths, Disk disk) {
        this.paths = paths;
        this.disk = disk;
    }

    /** Puts an entry in place of any other of its key. */
    void put(EntryText entry) throws IOException {
        Path part = paths.newPart("new");
        disk.write(part, entry.write());
        try {
            disk.renameDurably(part, paths.entry(entry.key()));
        } catch (IOException e) {
            disk.discard(part, e);
            throw e;
        }
    }

    /**
     * Reads the entry of a key.
     *
     * @return empty when there is none
     * @throws IOException if it cannot be read, is damaged, or of another version
     */
    Optional<EntryText> read(Digest key) throws IOException {
        Optional<byte[]> text = disk.read(paths.entry(key));
        if (text.isEmpty()) {
            return Optional.empty();
        }
        EntryText entry = EntryText.read(text.get());
        if (!entry.key().equals(key)) {
            throw new IOException("it is damaged: it is of key " + entry.key());
        }
        return Optional.of(entry);
    }

    /** An entry whose name was taken away. */
    record Aside(Digest key, Path file) {}

    /** Takes the name of an entry away if it is about this image; empty when it is not, or not any more. */
    Optional<Aside> takeAway(Digest key, Digest image) throws IOException {
        // The key stands in the name, so that whoever finds this file left by a dead process knows where it belongs.
        Aside aside = new Aside(key, paths.newPart(key.hex() + "." + ASIDE));
        try {
            disk.makeFolder(paths.parts());
            disk.rename(paths.entry(key), aside.file());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (imageOf(aside.file()).equals(Optional.of(image))) {
            return Optional.of(aside);
        }
        putBack(aside);
        return Optional.empty();
    }

    /** Gives the name back, unless there is a newer entry by now. */
    void putBack(Aside aside) throws IOException {
        disk.link(aside.file(), paths.entry(aside.key()));
        disk.delete(aside.file());
    }

    /** Lets it go for good. */
    void drop(Aside aside) throws IOException {
        disk.delete(aside.file());
    }

    /** Gives the name back to entries that a process took away and died. */
    void recover() throws IOException {
        for (Path part : disk.list(paths.parts())) {
            String[] words = part.getFileName().toString().split("\\.");
            boolean aside = words.length == 4 && words[3].equals(ASIDE) && Digest.isDigest(words[2]);
            if (aside && ProcessIdentity.parse(words[0]).filter(ProcessIdentity::isDead).isPresent()) {
                Optional<Digest> image = imageOf(part);
                if (image.isPresent() && disk.status(paths.image(image.get())).isPresent()) {
                    putBack(new Aside(new Digest(words[2]), part));
                } else {
                    disk.delete(part);
                }
            }
        }
    }

    /** Returns which image a file is about, also one of another version. */
    Optional<Digest> imageOf(Path file) throws IOException {
        Optional<byte[]> text = disk.read(file);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(EntryText.read(text.get()).image());
        } catch (EntryText.OtherVersion e) {
            return e.image();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Returns when an image was last used; empty when nobody has said so. */
    Optional<Instant> lastUsed(Digest image) throws IOException {
        return disk.status(paths.used(image)).map(status -> status.lastModifiedTime().toInstant());
    }
}
