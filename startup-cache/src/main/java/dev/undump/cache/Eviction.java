// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import dev.undump.cache.Inventory.Dangling;
import dev.undump.cache.Inventory.StoredImage;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Removes what a store need not keep. Several may collect at once, and others may find, use and publish meanwhile: each image is looked at
 * again before it goes, and a process that has it open keeps it until it ends.
 */
final class Eviction {

    /** Covers the time between looking an image up and having executed it. */
    static final Duration JUST_USED = Duration.ofMinutes(1);

    /** Over a network, the server lets go of a file that another machine executes, which kills that. */
    static final Duration JUST_USED_ELSEWHERE = Duration.ofDays(7);

    /** How long what another machine may be writing stays untouched at least. */
    private static final Duration ELSEWHERE = Duration.ofHours(1);

    private static final Duration QUARANTINE = Duration.ofDays(7);
    private static final int MOST_KEYS = 2_000;
    private static final int MOST_DIGESTS = 20_000;

    private final StorePaths paths;
    private final Disk disk;
    private final Entries entries;
    private final Claims claims;
    private final Clock clock;
    private final Duration protection;

    private long evictedImages;
    private long evictedBytes;
    private long removedEntries;
    private long removedParts;

    Eviction(StorePaths paths, Disk disk, Claims claims, Clock clock, Duration protection) {
        this.paths = paths;
        this.disk = disk;
        this.entries = new Entries(paths, disk);
        this.claims = claims;
        this.clock = clock;
        this.protection = protection;
    }

    /**
     * Collects.
     *
     * @param limitBytes that images may have together
     * @param partsOlderThan how old what nobody refers to has to be
     */
    GcReport run(long limitBytes, Duration partsOlderThan) throws IOException {
        entries.recover();
        sweepParts(partsOlderThan);
        sweepClaims();
        sweepQuarantine();
        keepNewest(paths.keys(), MOST_KEYS);
        keepNewest(paths.digests(), MOST_DIGESTS);
        Inventory inventory = Inventory.of(paths, disk, entries);
        for (Dangling entry : inventory.dangling()) {
            removeDangling(entry);
        }
        long kept = evict(inventory, limitBytes, partsOlderThan);
        sweepMarks(partsOlderThan);
        return new GcReport(
                evictedImages, evictedBytes, removedEntries, removedParts, inventory.images().size() - evictedImages, kept);
    }

    private long evict(Inventory inventory, long limitBytes, Duration partsOlderThan) throws IOException {
        Instant now = clock.instant();
        List<StoredImage> oldestFirst = new ArrayList<>();
        for (StoredImage image : inventory.images()) {
            oldestFirst.add(image.used().isAfter(now.plus(JUST_USED)) ? markedNow(image, now) : image);
        }
        oldestFirst.sort(Comparator.comparing(StoredImage::used).thenComparing(StoredImage::digest));
        long kept = inventory.imageBytes();
        for (StoredImage image : oldestFirst) {
            boolean unknown = image.keys().isEmpty() && image.used().isBefore(now.minus(partsOlderThan));
            boolean justUsed = !protection.isZero() && image.used().isAfter(now.minus(protection));
            if ((kept > limitBytes || unknown) && !justUsed && remove(image)) {
                kept -= image.sizeBytes();
            }
        }
        return kept;
    }

    /** A clock that was ahead once would else keep this image for as long, and let all others go first. */
    private StoredImage markedNow(StoredImage image, Instant now) throws IOException {
        disk.touch(paths.used(image.digest()), now);
        return new StoredImage(image.digest(), image.sizeBytes(), now, true, image.keys());
    }

    /** Removes an image with its entries, unless it has been used since it was looked at. */
    private boolean remove(StoredImage image) throws IOException {
        if (isUsedSince(image)) {
            return false;
        }
        List<Entries.Aside> taken = new ArrayList<>();
        for (Digest key : image.keys()) {
            entries.takeAway(key, image.digest()).ifPresent(taken::add);
        }
        if (isUsedSince(image)) {
            for (Entries.Aside entry : taken) {
                entries.putBack(entry);
            }
            return false;
        }
        boolean removed = disk.delete(paths.image(image.digest()));
        disk.delete(paths.used(image.digest()));
        for (Entries.Aside entry : taken) {
            entries.drop(entry);
        }
        removedEntries += taken.size();
        if (removed) {
            evictedImages++;
            evictedBytes += image.sizeBytes();
        }
        return true;
    }

    private boolean isUsedSince(StoredImage image) throws IOException {
        Optional<Instant> used = entries.lastUsed(image.digest());
        return image.marked() ? used.isPresent() && !used.get().equals(image.used()) : used.isPresent();
    }

    private void removeDangling(Dangling entry) throws IOException {
        Optional<Entries.Aside> taken = entries.takeAway(entry.key(), entry.image());
        if (taken.isEmpty()) {
            return;
        }
        if (disk.status(paths.image(entry.image())).isPresent()) {
            entries.putBack(taken.get());
        } else {
            entries.drop(taken.get());
            removedEntries++;
        }
    }

    /** Those of the living stay, however old; whether the living are on another machine cannot be told. */
    private void sweepParts(Duration olderThan) throws IOException {
        for (Path part : disk.list(paths.parts())) {
            String tag = part.getFileName().toString().split("\\.")[0];
            Optional<ProcessIdentity> owner = ProcessIdentity.parse(tag);
            if (owner.filter(ProcessIdentity::isAlive).isPresent()) {
                continue;
            }
            boolean dead = owner.filter(ProcessIdentity::isDead).isPresent();
            Duration age = dead || olderThan.compareTo(ELSEWHERE) > 0 ? olderThan : ELSEWHERE;
            if (isOlder(part, age) && disk.delete(part)) {
                removedParts++;
            }
        }
    }

    private void sweepClaims() throws IOException {
        for (Path claim : disk.list(paths.claims())) {
            claims.sweep(claim);
        }
    }

    private void sweepMarks(Duration olderThan) throws IOException {
        for (Path mark : disk.list(paths.usedMarks())) {
            Optional<Digest> image = StorePaths.digest(mark);
            boolean there = image.isPresent() && disk.status(paths.image(image.get())).isPresent();
            if (!there && isOlder(mark, olderThan)) {
                disk.delete(mark);
            }
        }
    }

    private void sweepQuarantine() throws IOException {
        Instant oldest = clock.instant().minus(QUARANTINE);
        for (Path file : disk.list(paths.quarantine())) {
            if (Quarantine.since(file).isBefore(oldest)) {
                disk.delete(file);
            }
        }
    }

    private void keepNewest(Path folder, int most) throws IOException {
        List<Path> files = disk.list(folder);
        if (files.size() <= most) {
            return;
        }
        List<TimedFile> timed = new ArrayList<>();
        for (Path file : files) {
            disk.status(file).ifPresent(status -> timed.add(new TimedFile(file, status.lastModifiedTime().toInstant())));
        }
        timed.sort(Comparator.comparing(TimedFile::time).reversed());
        for (TimedFile file : timed.subList(Math.min(most, timed.size()), timed.size())) {
            disk.delete(file.path());
        }
    }

    private record TimedFile(Path path, Instant time) {}

    private boolean isOlder(Path file, Duration age) throws IOException {
        Optional<BasicFileAttributes> status = disk.status(file);
        return status.isPresent()
                && !status.get().isDirectory()
                && status.get().lastModifiedTime().toInstant().isBefore(clock.instant().minus(age));
    }
}
