// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.facts;
import static dev.undump.cache.Stores.key;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvictionTest {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    private Stores stores;
    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        stores = new Stores(folder);
        store = stores.store;
    }

    private void publishOneAMinute(String... names) throws IOException {
        for (String name : names) {
            stores.publish(name, 1000);
            stores.clock.advance(Duration.ofMinutes(1));
        }
    }

    private List<String> left() throws IOException {
        return store.entries().stream().map(Entry::command).sorted().toList();
    }

    @Test
    void gc_removesTheLeastRecentlyUsed() throws IOException {
        publishOneAMinute("a", "b", "c", "d");
        store.used(store.find(key("a")).orElseThrow());
        stores.clock.advance(Duration.ofMinutes(5));

        GcReport report = store.gc(2500, HOUR);

        assertThat(left()).containsExactly("run a", "run d");
        assertThat(report).isEqualTo(new GcReport(2, 2000, 2, 0, 2, 2000));
        assertThat(store.verify().problems()).isEmpty();
        assertThat(stores.files("used")).hasSize(2);
    }

    @Test
    void gc_withinTheLimit_removesNothing() throws IOException {
        publishOneAMinute("a", "b");
        stores.clock.advance(Duration.ofDays(30));

        assertThat(store.gc(2000, HOUR).evictedImages()).isZero();
        assertThat(left()).containsExactly("run a", "run b");
    }

    @Test
    void gc_keepsWhatWasUsedWithinTheLastMinute_unlessForced() throws IOException {
        publishOneAMinute("a", "b");
        stores.clock.advance(Duration.ofMinutes(5));
        store.used(store.find(key("a")).orElseThrow());
        stores.clock.advance(Duration.ofSeconds(59));

        assertThat(store.gc(0, HOUR)).isEqualTo(new GcReport(1, 1000, 1, 0, 1, 1000));
        assertThat(left()).containsExactly("run a");
        assertThat(store.gcByForce(0, HOUR).evictedImages()).isEqualTo(1);
        assertThat(left()).isEmpty();
    }

    @Test
    void gc_ofAnImageWithTwoKeys_removesBothEntries() throws IOException {
        store.publish(key("one"), stores.image("same", 500), facts("one"));
        store.publish(key("two"), stores.image("same", 500), facts("two"));
        stores.clock.advance(HOUR);

        assertThat(store.gc(0, HOUR)).isEqualTo(new GcReport(1, 500, 2, 0, 0, 0));
        assertThat(stores.files("ac")).isEmpty();
    }

    /** A clock that is set back leaves marks in the future: they count as now, once, and grow old from then on. */
    @Test
    void gc_afterTheClockWasSetBack_agesEverythingAgain() throws IOException {
        Instant right = stores.clock.instant();
        stores.clock.set(right.plus(Duration.ofDays(3650)));
        stores.publish("future", 1000);
        stores.clock.set(right);
        publishOneAMinute("a", "b");

        assertThat(store.gc(3000, HOUR).evictedImages()).isZero();
        stores.clock.advance(HOUR);
        store.used(store.find(key("b")).orElseThrow());
        stores.clock.advance(HOUR);
        store.used(store.find(key("a")).orElseThrow());
        stores.clock.advance(HOUR);

        assertThat(store.gc(2000, HOUR).evictedImages()).isEqualTo(1);
        assertThat(left()).containsExactly("run a", "run b");
    }

    @Test
    void gc_removesImagesThatNoKeyHasWhenTheyAreOldEnough() throws IOException {
        stores.publish("a", 1000);
        store.forget(key("a"));
        stores.clock.advance(Duration.ofMinutes(59));
        assertThat(store.gc(1 << 20, HOUR).evictedImages()).isZero();
        stores.clock.advance(Duration.ofMinutes(2));

        assertThat(store.gc(1 << 20, HOUR).evictedImages()).isEqualTo(1);
        assertThat(stores.files("cas")).isEmpty();
    }

    @Test
    void gc_removesEntriesWithoutAnImage() throws IOException {
        Entry entry = stores.publish("a", 1000);
        Files.delete(store.image(entry));

        assertThat(store.gc(1 << 20, HOUR).removedEntries()).isEqualTo(1);
        assertThat(stores.files("ac")).isEmpty();
    }

    @Test
    void gc_removesPartsOfTheDeadWhenTheyAreOldAndThoseOfTheLivingNever() throws Exception {
        Process process = new ProcessBuilder("true").start();
        ProcessIdentity dead = ProcessIdentity.find(process.pid());
        process.waitFor();
        Path ours = Files.write(store.newPart(), new byte[10]);
        Path theirs = Files.write(ours.resolveSibling(dead.tag() + ".x.part"), new byte[10]);
        Path elsewhere = Files.write(ours.resolveSibling("0b0b0b0b-0000_4026531836_17_99.x.part"), new byte[10]);
        Path foreign = Files.write(ours.resolveSibling("notes"), new byte[10]);
        assertThat(dead.isDead()).isTrue();

        assertThat(store.gc(1 << 20, Duration.ofMinutes(10)).removedParts()).isZero();
        stores.clock.advance(Duration.ofMinutes(11));
        assertThat(store.gc(1 << 20, Duration.ofMinutes(10)).removedParts()).isEqualTo(1);
        assertThat(theirs).doesNotExist();
        stores.clock.advance(Duration.ofMinutes(50));
        assertThat(store.gc(1 << 20, Duration.ofMinutes(10)).removedParts()).isEqualTo(2);
        assertThat(elsewhere).doesNotExist();
        assertThat(foreign).doesNotExist();
        assertThat(ours).exists();
    }

    /** Killed between taking an entry's name away and removing its image: the entry comes back. */
    @Test
    void gc_afterACollectionThatWasKilled_givesEntriesBack() throws Exception {
        stores.publish("a", 1000);
        Process process = new ProcessBuilder("true").start();
        ProcessIdentity dead = ProcessIdentity.find(process.pid());
        process.waitFor();
        Path entry = stores.files("ac").get(0);
        Path tmp = Files.createDirectories(stores.root.resolve("tmp"));
        Files.move(entry, tmp.resolve(dead.tag() + ".x." + key("a").hex() + ".entry"));
        assertThat(store.find(key("a"))).isEmpty();

        store.gc(1 << 20, HOUR);

        assertThat(store.find(key("a"))).isPresent();
        assertThat(stores.files("tmp")).isEmpty();
    }

    @Test
    void gc_emptiesQuarantineAfterAWeek() throws IOException {
        Entry entry = stores.publish("a", 1000);
        Files.write(store.image(entry), new byte[1000]);
        store.verify();
        stores.clock.advance(Duration.ofDays(6));
        store.gc(0, HOUR);
        assertThat(stores.files("quarantine")).hasSize(1);
        stores.clock.advance(Duration.ofDays(2));
        store.gc(0, HOUR);

        assertThat(stores.files("quarantine")).isEmpty();
    }

    /** Between the look at an image and its removal somebody uses it: it stays, and so do its entries. */
    @Test
    void remove_ofAnImageThatIsUsedMeanwhile_isGivenUp() throws IOException {
        Path root = folder.resolve("raced");
        Stores.Hand clock = new Stores.Hand();
        StorePaths paths = new StorePaths(root);
        boolean[] armed = {false};
        Disk racing = new Disk() {
            @Override
            void rename(Path from, Path to) throws IOException {
                super.rename(from, to);
                if (armed[0] && to.getFileName().toString().endsWith(".entry")) {
                    Path mark = list(paths.usedMarks()).get(0);
                    Files.setLastModifiedTime(mark, FileTime.from(clock.instant()));
                }
            }
        };
        LocalStore raced = new LocalStore(root, racing, clock, warning -> {});
        raced.publish(key("a"), stores.image("a", 1000), facts("a"));
        clock.advance(HOUR);
        armed[0] = true;

        assertThat(raced.gc(0, HOUR).evictedImages()).isZero();

        assertThat(raced.find(key("a"))).isPresent();
        assertThat(raced.verify().problems()).isEmpty();
    }
}
