// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a store holds, as one walk through it has found it. */
final class Inventory {

    /**
     * An image.
     *
     * @param digest by its name
     * @param sizeBytes of the file
     * @param used when it was last used, else when it was published
     * @param marked whether somebody has said when it was used
     * @param keys whose entries are about it
     */
    record StoredImage(Digest digest, long sizeBytes, Instant used, boolean marked, List<Digest> keys) {}

    /** An entry whose image is not there. */
    record Dangling(Digest key, Digest image) {}

    private final Map<Digest, StoredImage> images = new HashMap<>();
    private final List<Dangling> dangling = new ArrayList<>();

    private Inventory() {}

    /** Walks through entries, then images: an entry that was found had its image before. */
    static Inventory of(StorePaths paths, Disk disk, Entries entries) throws IOException {
        Inventory inventory = new Inventory();
        Map<Digest, Digest> about = new HashMap<>();
        for (Path file : disk.listShards(paths.entries())) {
            Optional<Digest> key = StorePaths.digest(file);
            Optional<Digest> image = key.isEmpty() ? Optional.empty() : entries.imageOf(file);
            if (image.isPresent()) {
                about.put(key.get(), image.get());
            }
        }
        for (Path file : disk.listShards(paths.images())) {
            Optional<Digest> digest = StorePaths.digest(file);
            Optional<BasicFileAttributes> status = disk.status(file);
            if (digest.isPresent() && status.isPresent()) {
                Optional<Instant> used = entries.lastUsed(digest.get());
                Instant last = used.orElse(status.get().lastModifiedTime().toInstant());
                inventory.images.put(
                        digest.get(),
                        new StoredImage(digest.get(), status.get().size(), last, used.isPresent(), new ArrayList<>()));
            }
        }
        about.forEach((key, image) -> {
            if (inventory.images.containsKey(image)) {
                inventory.images.get(image).keys().add(key);
            } else {
                inventory.dangling.add(new Dangling(key, image));
            }
        });
        return inventory;
    }

    Collection<StoredImage> images() {
        return images.values();
    }

    List<Dangling> dangling() {
        return dangling;
    }

    long imageBytes() {
        return images.values().stream().mapToLong(StoredImage::sizeBytes).sum();
    }

    long entryCount() {
        return dangling.size()
                + images.values().stream().mapToLong(image -> image.keys().size()).sum();
    }
}
