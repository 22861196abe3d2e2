// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.facts;
import static dev.undump.cache.Stores.key;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStoreTest {

    @TempDir
    Path folder;

    private Stores stores;
    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        stores = new Stores(folder);
        store = stores.store;
    }

    @Test
    void publish_anImage_isFoundAndExecutable() throws IOException {
        Path image = stores.image("a", 100_000);
        Optional<byte[]> signature = Optional.of(new byte[] {1, 2, 3});

        Entry published = store.publish(key("k"), image, new EntryFacts("app --x", Duration.ofMillis(1234), "0.1.0", signature));

        Entry found = LocalStore.open(stores.root).find(key("k")).orElseThrow();
        assertThat(found).usingRecursiveComparison().isEqualTo(published);
        assertThat(found.key()).isEqualTo(key("k"));
        assertThat(found.sizeBytes()).isEqualTo(100_000);
        assertThat(found.image()).isEqualTo(Digest.of(Stores.content("a", 100_000)));
        assertThat(found.command()).isEqualTo("app --x");
        assertThat(found.cold()).isEqualTo(Duration.ofMillis(1234));
        assertThat(found.signature().orElseThrow()).containsExactly(1, 2, 3);
        assertThat(store.image(found)).hasBinaryContent(Stores.content("a", 100_000));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store.image(found)))).isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(stores.root))).isEqualTo("rwx------");
        assertThat(image).doesNotExist();
        assertThat(stores.files("tmp")).isEmpty();
        assertThat(stores.warnings).isEmpty();
    }

    @Test
    void find_ofNothing_isEmpty() throws IOException {
        assertThat(store.find(key("k"))).isEmpty();
        assertThat(stores.warnings).isEmpty();
    }

    @Test
    void publish_fromAnotherFileSystem_copiesWithHoles() throws IOException {
        Path memory = Path.of("/dev/shm");
        Assumptions.assumeTrue(
                Files.isWritable(memory) && !Files.getFileStore(memory).equals(Files.getFileStore(folder)),
                "no second file system at /dev/shm");
        Path image = Files.createTempFile(memory, "undump-test", ".image");
        try (var channel = java.nio.channels.FileChannel.open(image, java.nio.file.StandardOpenOption.WRITE)) {
            channel.write(java.nio.ByteBuffer.wrap(new byte[] {1}), 0);
            channel.write(java.nio.ByteBuffer.wrap(new byte[] {2}), 4 << 20);
            channel.write(java.nio.ByteBuffer.wrap(new byte[1]), (8 << 20) - 1);
        }
        Digest digest;
        try (var content = Files.newInputStream(image)) {
            digest = Digest.of(content);
        }

        Entry entry = store.publish(key("k"), image, facts("x"));

        assertThat(image).doesNotExist();
        assertThat(entry.image()).isEqualTo(digest);
        assertThat(entry.sizeBytes()).isEqualTo(8 << 20);
        Process du = new ProcessBuilder("du", "-k", store.image(entry).toString()).start();
        long blocks = Long.parseLong(new String(du.getInputStream().readAllBytes(), UTF_8).split("\\s")[0]);
        assertThat(blocks).isLessThan(1024);
    }

    @Test
    void publish_oneContentUnderTwoKeys_isStoredOnceAndStaysTheSameFile() throws IOException {
        Entry first = store.publish(key("one"), stores.image("a", 5000), facts("x"));
        Object inode = Files.getAttribute(store.image(first), "unix:ino");
        Entry second = store.publish(key("two"), stores.image("a", 5000), facts("y"));

        assertThat(second.image()).isEqualTo(first.image());
        assertThat(stores.files("cas")).hasSize(1);
        assertThat(Files.getAttribute(store.image(second), "unix:ino")).isEqualTo(inode);
        assertThat(store.entries()).extracting(Entry::key).containsExactlyInAnyOrder(key("one"), key("two"));
    }

    @Test
    void publish_overADamagedImageOfTheSameSize_healsIt() throws IOException {
        Entry first = store.publish(key("one"), stores.image("a", 5000), facts("x"));
        Files.write(store.image(first), new byte[5000]);

        store.publish(key("one"), stores.image("a", 5000), facts("x"));

        assertThat(store.verify().problems()).isEmpty();
        assertThat(stores.files("quarantine")).hasSize(1);
    }

    @Test
    void publish_ofNoFile_isRefusedInWords() {
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> store.publish(key("k"), folder.resolve("nothing"), facts("x")))
                .withMessageContaining("putting the image")
                .withMessageContaining("nothing")
                .withMessageContaining("no such file");
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> store.publish(key("k"), folder, facts("x")))
                .withMessageContaining("no regular file");
    }

    @Test
    void publish_again_replacesTheEntry() throws IOException {
        stores.publish("k", 1000);
        Entry newer = store.publish(key("k"), stores.image("other", 2000), facts("x"));

        assertThat(store.find(key("k")).orElseThrow().image()).isEqualTo(newer.image());
    }

    @Test
    void find_ofAnEntryWhoseImageIsGoneOrCutOff_isAMiss() throws IOException {
        Entry entry = stores.publish("k", 1000);
        Files.write(store.image(entry), new byte[999]);
        assertThat(store.find(key("k"))).isEmpty();
        Files.delete(store.image(entry));
        assertThat(store.find(key("k"))).isEmpty();
        assertThat(stores.warnings).isEmpty();
    }

    @Test
    void find_ofADamagedEntry_isAMissWithAWarningAndTheNextPublishHeals() throws IOException {
        stores.publish("k", 1000);
        Path entry = stores.files("ac").get(0);
        String whole = Files.readString(entry);
        for (int length : List.of(0, 1, whole.length() / 2, whole.length() - 3)) {
            Files.writeString(entry, whole.substring(0, length));
            assertThat(store.find(key("k"))).as("cut off at %d", length).isEmpty();
        }
        Files.writeString(entry, whole.replace(key("k").hex(), key("other").hex()));
        assertThat(store.find(key("k"))).isEmpty();
        assertThat(stores.warnings).hasSize(5).allMatch(line -> line.contains("looking for an image in the cache"));

        stores.publish("k", 1000);

        assertThat(store.find(key("k"))).isPresent();
    }

    @Test
    void find_ofAnEntryOfALaterUndump_passesNewFieldsOver() throws IOException {
        stores.publish("k", 1000);
        Path entry = stores.files("ac").get(0);
        Files.writeString(entry, Files.readString(entry).replace("{", "{\"novel\":{\"deep\":[1,{}]},\"other\":null,"));

        assertThat(store.find(key("k"))).isPresent();
        assertThat(store.verify().problems()).isEmpty();
    }

    /** Two undumps on one store: neither harms what the other has. */
    @Test
    void entry_ofAnotherVersion_isAMissAndIsLeftAlone() throws IOException {
        Entry kept = stores.publish("k", 1000);
        Path entry = stores.files("ac").get(0);
        String theirs = Files.readString(entry).replace("\"version\":1", "\"version\":2");
        Files.writeString(entry, theirs);
        stores.clock.advance(Duration.ofDays(2));

        assertThat(store.find(key("k"))).isEmpty();
        assertThat(store.verify().problems()).isEmpty();
        assertThat(store.gc(1 << 20, Duration.ofHours(1)).evictedImages()).isZero();
        assertThat(entry).hasContent(theirs.strip());
        assertThat(store.image(kept)).exists();
    }

    @Test
    void open_ofAnotherVersion_touchesNothing() throws IOException {
        Path other = Files.createDirectory(folder.resolve("later"), PosixFilePermissions.asFileAttribute(Disk.OWNER_ONLY));
        Files.writeString(other.resolve("version"), "2\n");

        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.open(other))
                .withMessageContaining("is of version 2, this undump knows 1")
                .withMessageContaining("nothing was touched");
        try (var files = Files.list(other)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void open_ofAFolderWithOtherFiles_isRefused() throws IOException {
        Path other = Files.createDirectory(folder.resolve("home"), PosixFilePermissions.asFileAttribute(Disk.OWNER_ONLY));
        Files.writeString(other.resolve("thesis.txt"), "…");

        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.open(other))
                .withMessageContaining("thesis.txt")
                .withMessageContaining("UNDUMP_CACHE_DIR");
    }

    @Test
    void open_ofAFolderThatOthersMayWriteTo_isRefused() throws IOException {
        Files.setPosixFilePermissions(stores.root, PosixFilePermissions.fromString("rwxrwx---"));

        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.open(stores.root))
                .withMessageContaining("others may write to it");
    }

    @Test
    void open_ofAnotherUsersFolder_isRefused() throws IOException {
        Assumptions.assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root to give a folder away");
        Files.setAttribute(stores.root, "unix:uid", 65534, LinkOption.NOFOLLOW_LINKS);

        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.open(stores.root))
                .withMessageContaining("belongs to user 65534");
    }

    @Test
    void open_whereAFileIs_isRefusedInWords() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");

        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.open(file.resolve("below")))
                .withMessageContaining("opening the cache " + file.resolve("below"));
    }

    @Test
    void defaultFolder_followsTheEnvironment() throws IOException {
        assertThat(LocalStore.defaultFolder(Map.of("HOME", "/h"))).isEqualTo(Path.of("/h/.cache/undump"));
        assertThat(LocalStore.defaultFolder(Map.of("HOME", "/h", "XDG_CACHE_HOME", "/x"))).isEqualTo(Path.of("/x/undump"));
        assertThat(LocalStore.defaultFolder(Map.of("HOME", "/h", "XDG_CACHE_HOME", "x"))).isEqualTo(Path.of("/h/.cache/undump"));
        assertThat(LocalStore.defaultFolder(Map.of("HOME", "/h", "XDG_CACHE_HOME", "/x", "UNDUMP_CACHE_DIR", "/u")))
                .isEqualTo(Path.of("/u"));
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> LocalStore.defaultFolder(Map.of()))
                .withMessageContaining("HOME");
    }

    @Test
    void forget_anEntry_leavesOthersOfTheSameImage() throws IOException {
        store.publish(key("one"), stores.image("a", 5000), facts("x"));
        store.publish(key("two"), stores.image("a", 5000), facts("y"));

        store.forget(key("one"));
        store.forget(key("never there"));

        assertThat(store.find(key("one"))).isEmpty();
        assertThat(store.find(key("two"))).isPresent();
        assertThat(store.verify().problems()).isEmpty();
    }

    @Test
    void used_isToldByEntries_theLastOneFirst() throws IOException {
        stores.publish("a", 10);
        stores.clock.advance(Duration.ofMinutes(1));
        stores.publish("b", 20);
        stores.clock.advance(Duration.ofMinutes(1));
        store.used(store.find(key("a")).orElseThrow());

        assertThat(store.entries()).extracting(Entry::command).containsExactly("run a", "run b");
        assertThat(store.entries().get(0).lastUsed().toEpochMilli()).isEqualTo(stores.clock.instant().toEpochMilli());
    }

    @Test
    void remember_aKey_isFoundByItsCommandLine() throws IOException {
        store.remember(key("command"), "undump-key 1\nargv.0=a\n");
        store.remember(key("command"), "undump-key 1\nargv.0=ü\n");

        assertThat(store.remembered(key("command"))).contains("undump-key 1\nargv.0=ü\n");
        assertThat(store.remembered(key("other"))).isEmpty();
    }

    @Test
    void newPart_isOnTheStoresFileSystemAndFree() throws IOException {
        Path part = store.newPart();

        assertThat(part).doesNotExist();
        Files.write(part, new byte[10]);
        assertThat(store.newPart()).isNotEqualTo(part);
        assertThat(Files.getFileStore(part)).isEqualTo(Files.getFileStore(stores.root));
    }

    @Test
    void statistics_countRunsAndContents() throws IOException {
        stores.publish("a", 10);
        stores.publish("b", 20);
        store.count(Outcome.HIT, Duration.ofMillis(1500));
        store.count(Outcome.HIT, Duration.ofMillis(500));
        store.count(Outcome.REMOTE_HIT, Duration.ofMillis(250));
        store.count(Outcome.MISS, Duration.ZERO);
        store.count(Outcome.FAILURE, Duration.ZERO);
        store.gcByForce(20, Duration.ofHours(1));

        assertThat(store.statistics()).isEqualTo(new StoreStatistics(2, 1, 1, 1, 2, 30, 1, 10, Duration.ofMillis(2250), 1, 1, 20));
    }

    @Test
    void clear_leavesAnEmptyStoreThatWorks() throws IOException {
        stores.publish("a", 10);
        store.remember(key("command"), "undump-key 1\n");
        Claim claim = store.claim(key("busy")).orElseThrow();

        store.clear();

        assertThat(store.entries()).isEmpty();
        assertThat(stores.files("cas")).isEmpty();
        assertThat(stores.files("keys")).isEmpty();
        assertThat(store.claim(key("busy"))).isEmpty();
        claim.close();
        stores.publish("a", 10);
        assertThat(store.find(key("a"))).isPresent();
    }

    @Test
    void fileDigests_areRememberedUntilTheFileChanges() throws IOException {
        Path file = Files.writeString(folder.resolve("input"), "one");
        FileDigests digests = new FileDigests(new StorePaths(stores.root), new Disk(), Clock.offset(Clock.systemUTC(), Duration.ofMinutes(1)));

        assertThat(digests.of(file)).isEqualTo(Digest.of("one".getBytes(UTF_8)));
        assertThat(stores.files("digests")).hasSize(1);
        // That the memo is used shows in what it says.
        Path memo = stores.files("digests").get(0);
        Files.writeString(memo, Files.readString(memo).replace(digests.of(file).hex(), key("remembered").hex()));
        assertThat(digests.of(file)).isEqualTo(key("remembered"));

        FileTime time = Files.getLastModifiedTime(file);
        Files.writeString(file, "two");
        Files.setLastModifiedTime(file, time);
        assertThat(digests.of(file)).isEqualTo(Digest.of("two".getBytes(UTF_8)));
        for (String damage : List.of("", "undump-digest 1\n", "x".repeat(300))) {
            Files.writeString(memo, damage);
            assertThat(digests.of(file)).isEqualTo(Digest.of("two".getBytes(UTF_8)));
        }
    }

    @Test
    void fileDigests_ofAFileThatChangedAMomentAgo_areNotRemembered() throws IOException {
        Path file = Files.writeString(folder.resolve("input"), "one");

        store.fileDigests().of(file);

        assertThat(stores.files("digests")).isEmpty();
    }
}
