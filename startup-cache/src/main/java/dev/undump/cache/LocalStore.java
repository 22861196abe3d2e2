// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Images by key in a folder of one user, which many processes on many machines may use at once without waiting for each other. At any
 * moment each of them may be killed, the disk may be full and files may vanish: then there is one entry less, never a wrong one.
 * {@code docs/cache-format.md} has the layout and what is safe against what.
 *
 * <p>What a run does on its way to the program ({@link #find}, {@link #claim}, {@link #used}, {@link #count}, {@link #remember}) does not
 * throw because of the disk: it warns, and the program runs as it would without a cache. What people ask for throws {@link StoreException}.
 */
public final class LocalStore {

    private static final int MANY_COUNTS = 256;

    private final StorePaths paths;
    private final Disk disk;
    private final Clock clock;
    private final Consumer<String> warnings;
    private final Entries entries;
    private final Claims claims;
    private final Counters counters;

    LocalStore(Path root, Disk disk, Clock clock, Consumer<String> warnings) throws StoreException {
        this.paths = new StorePaths(root.toAbsolutePath());
        this.disk = disk;
        this.clock = clock;
        this.warnings = warnings;
        this.entries = new Entries(paths, disk);
        this.claims = new Claims(paths, disk);
        this.counters = new Counters(paths, disk, claims);
        StoreFolder.prepare(paths, disk);
    }

    /** Opens a store that tells nobody of warnings. */
    public static LocalStore open(Path root) throws IOException {
        return open(root, Clock.systemUTC(), warning -> {});
    }

    /**
     * Opens a store, and makes it when there is none.
     *
     * @param root its folder
     * @param clock for times of use and ages
     * @param warnings gets one line for each thing that went wrong and did no harm
     * @throws StoreException if it cannot be made or read, is of another version, or not safe to execute from
     */
    public static LocalStore open(Path root, Clock clock, Consumer<String> warnings) throws IOException {
        return new LocalStore(root, new Disk(), clock, warnings);
    }

    /**
     * Returns where the user's store is: {@code UNDUMP_CACHE_DIR}, else {@code XDG_CACHE_HOME/undump}, else {@code HOME/.cache/undump}.
     *
     * @throws StoreException if none of these variables says so
     */
    public static Path defaultFolder(Map<String, String> environment) throws IOException {
        return StoreFolder.byDefault(environment);
    }

    /** Returns the store's folder, absolute. */
    public Path root() {
        return paths.root();
    }

    /** Returns digests of files that are remembered here. */
    public FileDigests fileDigests() {
        return new FileDigests(paths, disk, clock);
    }

    /** Finds the image of a key; empty when there is none, or none that is whole. */
    public Optional<Entry> find(Digest key) throws IOException {
        return tolerant("looking for an image in the cache", Optional.empty(), () -> {
            Optional<EntryText> entry = entries.read(key);
            if (entry.isEmpty() || !isThere(entry.get())) {
                return Optional.empty();
            }
            return Optional.of(withLastUse(entry.get()));
        });
    }

    /**
     * Claims the right to capture for a key.
     *
     * @return empty when another process has it, or the store cannot be written to
     */
    public Optional<Claim> claim(Digest key) throws IOException {
        return tolerant("claiming a key of the cache", Optional.empty(), () -> claims.claim(key));
    }

    /**
     * Takes a claim over from another process that still lives and has told its {@link Claim#token}.
     *
     * @return empty when that claim is not there any more
     */
    public Optional<Claim> adopt(Digest key, String token) throws IOException {
        return tolerant("taking over a claim of the cache", Optional.empty(), () -> claims.adopt(key, token));
    }

    /**
     * Puts an image in. It is there for all others when this returns, also after a crash of the machine.
     *
     * @param image moved away from where it is, copied when it is on another file system; nobody may write to it any more. Best made under
     *     {@link #newPart}
     * @throws StoreException if the disk is full, the image is gone, or the store cannot be written to; what was in the store stays
     */
    public Entry publish(Digest key, Path image, EntryFacts facts) throws IOException {
        try {
            ImageIntake.Stored stored = new ImageIntake(paths, disk, clock).take(image);
            EntryText entry = new EntryText(
                    key, stored.digest(), stored.sizeBytes(), clock.instant(), facts.command(), facts.cold(), facts.undumpVersion(),
                    facts.signature());
            entries.put(entry);
            add(Map.of(Counters.PUBLISHED, 1L, Counters.PUBLISHED_BYTES, stored.sizeBytes()));
            return withLastUse(entry);
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw StoreException.of("putting the image " + image + " into the cache", paths.root(), e);
        }
    }

    /** Returns a path on the store's file system where nothing is, for an image that is being made; left behind, it is collected. */
    public Path newPart() throws IOException {
        disk.makeFolder(paths.parts());
        return paths.newPart("part");
    }

    /** Returns where an entry's image lies. It may be executed, never written to. */
    public Path image(Entry entry) {
        return paths.image(entry.image());
    }

    /** Says that an image is being used now. Call it between {@link #find} and execution: for a minute from now no collection removes it. */
    public void used(Entry entry) throws IOException {
        tolerant("marking an image of the cache as used", false, () -> {
            disk.touch(paths.used(entry.image()), clock.instant());
            return true;
        });
    }

    /** Removes the entry of a key; a collection removes the image later, when no other key has it. */
    public void forget(Digest key) throws IOException {
        failing("removing an entry from the cache", () -> disk.delete(paths.entry(key)));
    }

    /** Keeps the text of the key that a command line has had last, for {@link #remembered}. */
    public void remember(Digest commandLine, String keyText) throws IOException {
        tolerant("remembering a key in the cache", false, () -> {
            Path part = paths.newPart("key");
            disk.writeLightly(part, keyText.getBytes(UTF_8));
            disk.rename(part, paths.key(commandLine));
            return true;
        });
    }

    /** Returns the text of the key that a command line has had last. */
    public Optional<String> remembered(Digest commandLine) throws IOException {
        return tolerant("reading a key in the cache", Optional.empty(), () -> disk.read(paths.key(commandLine))
                .map(text -> new String(text, UTF_8)));
    }

    /**
     * Counts a run.
     *
     * @param saved what it saved; zero unless it was a hit
     */
    public void count(Outcome outcome, Duration saved) throws IOException {
        tolerant("counting in the cache", false, () -> {
            add(Map.of(outcome.counter(), 1L, Counters.SAVED_MILLIS, Math.max(0, saved.toMillis())));
            return true;
        });
    }

    /** Returns counts and sizes. */
    public StoreStatistics statistics() throws IOException {
        return failing("counting what is in the cache", () -> {
            if (counters.files() > MANY_COUNTS) {
                tolerant("summing up the counters of the cache", false, () -> {
                    counters.sumUp();
                    return true;
                });
            }
            Map<String, Long> counts = counters.values();
            Inventory inventory = Inventory.of(paths, disk, entries);
            return new StoreStatistics(
                    count(counts, Outcome.HIT.counter()),
                    count(counts, Outcome.REMOTE_HIT.counter()),
                    count(counts, Outcome.MISS.counter()),
                    count(counts, Outcome.FAILURE.counter()),
                    count(counts, Counters.PUBLISHED),
                    count(counts, Counters.PUBLISHED_BYTES),
                    count(counts, Counters.EVICTIONS),
                    count(counts, Counters.EVICTED_BYTES),
                    Duration.ofMillis(count(counts, Counters.SAVED_MILLIS)),
                    inventory.entryCount(),
                    inventory.images().size(),
                    inventory.imageBytes());
        });
    }

    /** Returns all entries whose image is there, the last used first. */
    public List<Entry> entries() throws IOException {
        return failing("listing the cache", () -> {
            List<Entry> found = new ArrayList<>();
            for (Path file : disk.listShards(paths.entries())) {
                Optional<Digest> key = StorePaths.digest(file);
                if (key.isPresent()) {
                    find(key.get()).ifPresent(found::add);
                }
            }
            found.sort(Comparator.comparing(Entry::lastUsed).reversed().thenComparing(Entry::key));
            return found;
        });
    }

    /** Reads all images and entries, moves what is damaged into quarantine and removes entries without an image. */
    public VerifyReport verify() throws IOException {
        return failing("verifying the cache", () -> new Inspection(paths, disk, clock).run());
    }

    /**
     * Removes the images that were used least recently until the rest fits, but none that was used within the last minute (on a network file
     * system: week); and what crashes have left.
     *
     * @param limitBytes that images may have together
     * @param partsOlderThan how old unfinished files of dead processes, and images that no key has, must be
     */
    public GcReport gc(long limitBytes, Duration partsOlderThan) throws IOException {
        boolean shared = StoreFolder.isOnNetwork(paths.root());
        return collect(limitBytes, partsOlderThan, shared ? Eviction.JUST_USED_ELSEWHERE : Eviction.JUST_USED);
    }

    /** As {@link #gc}, but images that were used a moment ago go as well. Programs that run on this machine do not notice. */
    public GcReport gcByForce(long limitBytes, Duration partsOlderThan) throws IOException {
        return collect(limitBytes, partsOlderThan, Duration.ZERO);
    }

    /** Removes all images, entries, keys and digests; counters, claims and what living processes are writing stay. */
    public void clear() throws IOException {
        gcByForce(-1, Duration.ZERO);
        failing("clearing the cache", () -> {
            for (Path folder : List.of(paths.keys(), paths.digests(), paths.quarantine())) {
                for (Path file : disk.list(folder)) {
                    disk.delete(file);
                }
            }
            return true;
        });
    }

    private GcReport collect(long limitBytes, Duration partsOlderThan, Duration protection) throws IOException {
        return failing("collecting in the cache", () -> {
            GcReport report = new Eviction(paths, disk, claims, clock, protection).run(limitBytes, partsOlderThan);
            if (report.evictedImages() > 0) {
                add(Map.of(Counters.EVICTIONS, report.evictedImages(), Counters.EVICTED_BYTES, report.evictedBytes()));
            }
            counters.sumUp();
            return report;
        });
    }

    /** Counts are for people: that they cannot be written makes nothing else fail. */
    private void add(Map<String, Long> values) throws IOException {
        tolerant("counting in the cache", false, () -> {
            counters.add(values);
            return true;
        });
    }

    private boolean isThere(EntryText entry) throws IOException {
        Optional<BasicFileAttributes> status = disk.status(paths.image(entry.image()));
        return status.filter(found -> found.isRegularFile() && found.size() == entry.sizeBytes()).isPresent();
    }

    private Entry withLastUse(EntryText entry) throws IOException {
        Instant used = entries.lastUsed(entry.image()).orElse(entry.created());
        return entry.entry(used);
    }

    private static long count(Map<String, Long> counts, String name) {
        return counts.getOrDefault(name, 0L);
    }

    private <T> T tolerant(String step, T otherwise, Disk.Step<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            warnings.accept(step + " " + paths.root() + ": " + StoreException.reason(e));
            return otherwise;
        }
    }

    private <T> T failing(String step, Disk.Step<T> work) throws StoreException {
        try {
            return work.run();
        } catch (StoreException e) {
            throw e;
        } catch (IOException e) {
            throw StoreException.of(step, paths.root(), e);
        }
    }
}
