// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.facts;
import static dev.undump.cache.Stores.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks that are full, read-only, or behind a file server that loses things. */
class DisksIT {

    private static final Duration HOUR = Duration.ofHours(1);

    @TempDir
    Path folder;

    private static boolean isRoot() throws IOException {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    private static int run(String... words) throws Exception {
        return new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private Path mounted(String options) throws Exception {
        Assumptions.assumeTrue(isRoot(), "mounting a small file system needs root");
        Path mount = Files.createDirectory(folder.resolve("small disk"), PosixFilePermissions.asFileAttribute(Disk.OWNER_ONLY));
        Assumptions.assumeTrue(
                run("mount", "-t", "tmpfs", "-o", options, "tmpfs", mount.toString()) == 0, "root may not mount tmpfs here");
        return mount;
    }

    @Test
    void publish_onAFullDisk_failsInWordsAndHarmsNothing() throws Exception {
        Path mount = mounted("size=3m,mode=0700");
        try {
            List<String> warnings = new ArrayList<>();
            LocalStore store = LocalStore.open(mount.resolve("store"), java.time.Clock.systemUTC(), warnings::add);
            Stores outside = new Stores(folder);
            store.publish(key("fits"), outside.image("fits", 2 << 20), facts("fits"));
            Path large = outside.image("large", 2 << 20);

            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> store.publish(key("large"), large, facts("large")))
                    .withMessageContaining("putting the image " + large)
                    .withMessageContaining("No space left");
            assertThat(large).hasSize(2 << 20);
            assertThat(store.root().resolve("tmp")).isEmptyDirectory();
            assertThat(store.find(key("fits"))).isPresent();
            assertThat(store.find(key("large"))).isEmpty();
            assertThat(warnings).isEmpty();

            // To the last byte.
            Path filler = mount.resolve("filler");
            try (var out = Files.newOutputStream(filler)) {
                byte[] page = new byte[4096];
                while (true) {
                    out.write(page);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("No space left");
            }
            assertThat(store.find(key("fits"))).isPresent();
            store.used(store.find(key("fits")).orElseThrow());
            store.count(Outcome.HIT, Duration.ofSeconds(1));
            assertThat(store.claim(key("large"))).isEmpty();
            store.remember(key("command"), "undump-key 1\n");
            assertThat(warnings).isNotEmpty().allMatch(line -> line.contains("No space left"));
            assertThat(store.verify().problems()).isEmpty();
            Files.delete(filler);

            store.gcByForce(0, HOUR);
            store.publish(key("large"), large, facts("large"));
            assertThat(store.find(key("large"))).isPresent();
            assertThat(store.verify().problems()).isEmpty();
        } finally {
            assertThat(run("umount", mount.toString())).isZero();
        }
    }

    @Test
    void everything_onAReadOnlyDisk_readsAndSaysWhatCannotBeWritten() throws Exception {
        Path mount = mounted("size=3m,mode=0700");
        try {
            Path root = mount.resolve("store");
            Stores outside = new Stores(folder);
            LocalStore.open(root).publish(key("k"), outside.image("k", 1000), facts("k"));
            assertThat(run("mount", "-o", "remount,ro", mount.toString())).isZero();

            readOnly(root, outside);
        } finally {
            assertThat(run("umount", mount.toString())).isZero();
        }
    }

    @Test
    void everything_inAFolderWithoutRightToWrite_readsAndSaysWhatCannotBeWritten() throws Exception {
        Assumptions.assumeFalse(isRoot(), "root may write anywhere");
        Path root = folder.resolve("store");
        Stores outside = new Stores(folder);
        LocalStore.open(root).publish(key("k"), outside.image("k", 1000), facts("k"));
        assertThat(run("chmod", "-R", "u-w", root.toString())).isZero();
        try {
            readOnly(root, outside);
        } finally {
            assertThat(run("chmod", "-R", "u+w", root.toString())).isZero();
        }
    }

    private void readOnly(Path root, Stores outside) throws IOException {
        List<String> warnings = new ArrayList<>();
        LocalStore store = LocalStore.open(root, java.time.Clock.systemUTC(), warnings::add);

        Entry entry = store.find(key("k")).orElseThrow();
        assertThat(store.entries()).containsExactly(entry);
        assertThat(store.verify().problems()).isEmpty();
        assertThat(store.statistics().published()).isEqualTo(1);
        assertThat(warnings).isEmpty();
        store.used(entry);
        store.count(Outcome.HIT, Duration.ofSeconds(1));
        store.remember(key("command"), "undump-key 1\n");
        assertThat(store.claim(key("other"))).isEmpty();
        // The time of a file of one's own may be set where no file may be made.
        assertThat(warnings).hasSizeBetween(3, 4).allMatch(line -> line.contains(root.toString()));
        Path image = outside.image("other", 10);
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> store.publish(key("other"), image, facts("other")))
                .withMessageContaining("putting the image " + image);
        assertThat(image).exists();
    }

    @Test
    void everything_withStaleFileHandles_isTriedAgain() throws IOException {
        AtomicInteger attempts = new AtomicInteger();
        Disk flaky = new Disk() {
            @Override
            <T> T attempt(Step<T> step) throws IOException {
                if (attempts.incrementAndGet() % 3 != 0) {
                    throw new IOException("Stale file handle");
                }
                return step.run();
            }
        };
        Stores stores = new Stores(folder, flaky);

        stores.publish("a", 1000);
        try (Claim claim = stores.store.claim(key("b")).orElseThrow()) {
            assertThat(claim.token()).isNotEmpty();
        }

        assertThat(stores.store.find(key("a"))).isPresent();
        assertThat(stores.store.verify().problems()).isEmpty();
        assertThat(stores.store.statistics().published()).isEqualTo(1);
        assertThat(stores.warnings).isEmpty();
    }

    @Test
    void everything_whenTheServerIsGone_isAMissWithAWarning() throws IOException {
        AtomicBoolean gone = new AtomicBoolean();
        Disk dead = new Disk() {
            @Override
            <T> T attempt(Step<T> step) throws IOException {
                if (gone.get()) {
                    throw new IOException("Input/output error");
                }
                return step.run();
            }
        };
        Stores stores = new Stores(folder, dead);
        stores.publish("a", 1000);
        gone.set(true);

        assertThat(stores.store.find(key("a"))).isEmpty();
        assertThat(stores.store.remembered(key("a"))).isEmpty();
        assertThat(stores.warnings).hasSize(2).allMatch(line -> line.endsWith("Input/output error"));
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> stores.store.entries())
                .withMessage("listing the cache " + stores.root + ": Input/output error");
    }

    /** Over NFS an answer may get lost: then the client asks again, and is told that there is nothing to rename, or that the link exists. */
    @Test
    void everything_withLostAnswers_isTakenAsDone() throws IOException {
        Disk twice = new Disk() {
            @Override
            void rename(Path from, Path to) throws IOException {
                super.rename(from, to);
                super.rename(from, to);
            }

            @Override
            boolean link(Path existing, Path name) throws IOException {
                boolean first = super.link(existing, name);
                assertThat(super.link(existing, name)).isEqualTo(first);
                return first;
            }
        };
        Stores stores = new Stores(folder, twice);

        stores.publish("a", 1000);
        try (Claim claim = stores.store.claim(key("b")).orElseThrow()) {
            assertThat(stores.store.claim(claim.key())).isEmpty();
        }
        assertThat(stores.store.find(key("a"))).isPresent();
        stores.store.gcByForce(0, HOUR);
        assertThat(stores.store.find(key("a"))).isEmpty();
        assertThat(stores.files("tmp")).isEmpty();
    }

    /** Somebody reads entries while others remove and publish them: a reader finds one or none, and never fails. */
    @Test
    void find_whileTheEntryIsRemovedAndPublished_neverFails() throws Exception {
        Stores stores = new Stores(folder);
        AtomicBoolean done = new AtomicBoolean();
        AtomicInteger found = new AtomicInteger();
        List<Throwable> failures = new ArrayList<>();
        LocalStore other = LocalStore.open(stores.root, java.time.Clock.systemUTC(), warning -> failures.add(new IOException(warning)));
        Thread reader = new Thread(() -> {
            try {
                while (!done.get()) {
                    if (other.find(key("a")).isPresent()) {
                        found.incrementAndGet();
                    }
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e);
            }
        });
        reader.start();
        for (int i = 0; i < 100 || found.get() == 0; i++) {
            stores.publish("a", 2000);
            if (i % 2 == 0) {
                stores.store.forget(key("a"));
            } else {
                stores.store.gcByForce(0, HOUR);
            }
        }
        done.set(true);
        reader.join();

        assertThat(failures).isEmpty();
    }
}
