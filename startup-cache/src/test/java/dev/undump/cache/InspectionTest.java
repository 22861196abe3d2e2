// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.key;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectionTest {

    @TempDir
    Path folder;

    private Stores stores;
    private LocalStore store;
    private Entry entry;

    @BeforeEach
    void publish() throws IOException {
        stores = new Stores(folder);
        store = stores.store;
        entry = stores.publish("a", 70_000);
        stores.publish("b", 70_000);
    }

    private void assertOneProblemThenNone(String words) throws IOException {
        VerifyReport report = store.verify();
        assertThat(report.problems()).hasSize(1);
        assertThat(report.problems().get(0)).contains(words);
        assertThat(store.verify().clean()).isTrue();
        assertThat(store.find(key("b"))).isPresent();
    }

    @Test
    void verify_ofAWholeStore_countsWhatItRead() throws IOException {
        assertThat(store.verify()).isEqualTo(new VerifyReport(2, 140_000, 2, java.util.List.of()));
    }

    @Test
    void verify_ofOneFlippedBit_movesImageAndEntryAway() throws IOException {
        byte[] content = Files.readAllBytes(store.image(entry));
        content[69_999] ^= 1;
        Files.write(store.image(entry), content);

        assertOneProblemThenNone("is damaged");
        assertThat(store.find(key("a"))).isEmpty();
        assertThat(stores.files("quarantine")).hasSize(1);
        assertThat(store.image(entry)).doesNotExist();
    }

    @Test
    void verify_ofAnImageThatMayNotBeExecuted_putsItRight() throws IOException {
        Files.setPosixFilePermissions(store.image(entry), PosixFilePermissions.fromString("rw-------"));

        assertOneProblemThenNone("could not be executed");
        assertThat(Files.isExecutable(store.image(entry))).isTrue();
    }

    @Test
    void verify_ofADamagedEntry_movesItAway() throws IOException {
        Files.writeString(stores.root.resolve("ac").resolve(key("a").hex().substring(0, 2)).resolve(key("a").hex()), "{");

        assertOneProblemThenNone("cannot be used");
    }

    @Test
    void verify_ofAnEntryWithoutImage_removesIt() throws IOException {
        Files.delete(store.image(entry));

        assertOneProblemThenNone("there are none");
    }

    @Test
    void verify_ofStrangeFiles_movesThemAway() throws IOException {
        Files.writeString(store.image(entry).resolveSibling("README"), "hello");

        assertOneProblemThenNone("none of the store's files");
        assertThat(stores.files("quarantine")).hasSize(1);
    }
}
