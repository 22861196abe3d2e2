// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads all of a store and puts right what it can. What others remove meanwhile is no problem. */
final class Inspection {

    private final StorePaths paths;
    private final Disk disk;
    private final Entries entries;
    private final Quarantine quarantine;
    private final List<String> problems = new ArrayList<>();
    private final Set<Digest> bad = new HashSet<>();
    private long images;
    private long imageBytes;
    private long entryCount;

    Inspection(StorePaths paths, Disk disk, Clock clock) {
        this.paths = paths;
        this.disk = disk;
        this.entries = new Entries(paths, disk);
        this.quarantine = new Quarantine(paths, disk, clock);
    }

    VerifyReport run() throws IOException {
        entries.recover();
        for (Path file : disk.listShards(paths.images())) {
            image(file);
        }
        for (Path file : disk.listShards(paths.entries())) {
            entry(file);
        }
        return new VerifyReport(images, imageBytes, entryCount, problems);
    }

    private void image(Path file) throws IOException {
        Optional<Digest> name = StorePaths.digest(file);
        Optional<BasicFileAttributes> status = disk.status(file);
        if (status.isEmpty()) {
            return;
        }
        if (name.isEmpty() || !file.equals(paths.image(name.get())) || !status.get().isRegularFile()) {
            problems.add("image " + file + " is none of the store's files: moved to " + paths.quarantine());
            quarantine.take(file);
            return;
        }
        Optional<Digest> found = digest(file);
        if (found.isEmpty()) {
            return;
        }
        images++;
        imageBytes += status.get().size();
        if (!found.get().equals(name.get())) {
            problems.add("image " + name.get() + " is damaged, its digest is " + found.get() + ": moved to " + paths.quarantine()
                    + " with its entries");
            bad.add(name.get());
            quarantine.take(file);
        } else if (!Files.isExecutable(file)) {
            problems.add("image " + name.get() + " could not be executed: its mode is rwx------ again");
            Files.setPosixFilePermissions(file, Disk.OWNER_ONLY);
        }
    }

    private Optional<Digest> digest(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return Optional.of(Digest.of(content));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            problems.add("image " + file + " cannot be read: " + StoreException.reason(e) + "; left as it is");
            return Optional.empty();
        }
    }

    private void entry(Path file) throws IOException {
        Optional<Digest> key = StorePaths.digest(file);
        if (key.isEmpty() || !file.equals(paths.entry(key.get()))) {
            problems.add("entry " + file + " is none of the store's files: moved to " + paths.quarantine());
            quarantine.take(file);
            return;
        }
        Optional<EntryText> entry;
        try {
            entry = entries.read(key.get());
        } catch (EntryText.OtherVersion e) {
            entryCount++;
            return;
        } catch (IOException e) {
            problems.add("entry " + key.get() + " cannot be used: " + e.getMessage() + ": moved to " + paths.quarantine());
            quarantine.take(file);
            return;
        }
        if (entry.isEmpty()) {
            return;
        }
        entryCount++;
        Digest image = entry.get().image();
        Optional<BasicFileAttributes> status = disk.status(paths.image(image));
        boolean fits = status.isPresent() && status.get().size() == entry.get().sizeBytes();
        if (fits || entries.read(key.get()).filter(again -> again.image().equals(image)).isEmpty()) {
            return;
        }
        Optional<Entries.Aside> taken = entries.takeAway(key.get(), image);
        if (taken.isPresent()) {
            entries.drop(taken.get());
            if (!bad.contains(image)) {
                problems.add("entry " + key.get() + " is of " + entry.get().sizeBytes() + " bytes of image " + image + ", and there are "
                        + status.map(found -> Long.toString(found.size())).orElse("none") + ": removed");
            }
        }
    }
}
