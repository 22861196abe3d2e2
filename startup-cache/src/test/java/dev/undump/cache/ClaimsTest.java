// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.key;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimsTest {

    /** Of another boot of another machine. */
    private static final ProcessIdentity ELSEWHERE = new ProcessIdentity("0b0b0b0b-0000", "4026531836", 17, 99);

    @TempDir
    Path folder;

    private Stores stores;
    private LocalStore store;

    @BeforeEach
    void open() throws IOException {
        stores = new Stores(folder);
        store = stores.store;
    }

    private Path place(ProcessIdentity owner, Duration silentFor) throws IOException {
        Path claim = stores.root.resolve("claims").resolve(key("k").hex());
        Files.createDirectories(claim.getParent());
        Files.write(claim, new ClaimText(owner, "nonce").bytes());
        Files.setLastModifiedTime(claim, FileTime.from(Instant.now().minus(silentFor)));
        return claim;
    }

    private static ProcessIdentity dead() throws Exception {
        Process process = new ProcessBuilder("true").start();
        ProcessIdentity identity = ProcessIdentity.find(process.pid());
        process.waitFor();
        return identity;
    }

    @Test
    void claim_isGivenOnceAndAgainAfterClose() throws IOException {
        Claim claim = store.claim(key("k")).orElseThrow();
        assertThat(store.claim(key("k"))).isEmpty();
        assertThat(store.claim(key("other"))).isPresent();
        claim.close();

        assertThat(store.claim(key("k"))).isPresent();
    }

    @Test
    void claim_ofADeadProcess_isTakenOverAtOnce() throws Exception {
        place(dead(), Duration.ZERO);

        assertThat(store.claim(key("k"))).isPresent();
        assertThat(store.claim(key("k"))).isEmpty();
        assertThat(stores.files("claims")).hasSize(1);
    }

    @Test
    void claim_ofAProcessWhoseNumberIsAnothersNow_isTakenOver() throws Exception {
        ProcessIdentity ours = ProcessIdentity.current();
        place(new ProcessIdentity(ours.boot(), ours.namespace(), ours.pid(), ours.startTicks() - 1), Duration.ZERO);

        assertThat(store.claim(key("k"))).isPresent();
    }

    /** It may have become another program, which does not beat. */
    @Test
    void claim_ofALivingProcess_staysHoweverSilent() throws IOException {
        place(ProcessIdentity.current(), Duration.ofDays(3));

        assertThat(store.claim(key("k"))).isEmpty();
    }

    @Test
    void claim_ofAnotherMachine_staysAsLongAsItBeats() throws IOException {
        place(ELSEWHERE, Claims.SILENT.minusMinutes(1));
        assertThat(store.claim(key("k"))).isEmpty();
        place(ELSEWHERE, Claims.SILENT.plusMinutes(1));
        assertThat(store.claim(key("k"))).isPresent();
    }

    @Test
    void claim_fromTheFuture_stays() throws IOException {
        place(ELSEWHERE, Duration.ofDays(-1));

        assertThat(store.claim(key("k"))).isEmpty();
    }

    @Test
    void claim_thatIsNoClaim_isTakenOverWhenItIsOld() throws IOException {
        Path claim = place(ELSEWHERE, Duration.ZERO);
        Files.writeString(claim, "");
        assertThat(store.claim(key("k"))).isEmpty();
        Files.setLastModifiedTime(claim, FileTime.from(Instant.now().minus(Claims.SILENT.plusMinutes(1))));
        assertThat(store.claim(key("k"))).isPresent();
    }

    /** Killed while it took a claim over: the next one does it. */
    @Test
    void claim_whoseTakingOverWasKilled_isTakenOver() throws Exception {
        Path claim = place(dead(), Duration.ZERO);
        Files.write(claim.resolveSibling(claim.getFileName() + ".nonce"), new ClaimText(dead(), "other").bytes());

        assertThat(store.claim(key("k"))).isPresent();
        assertThat(stores.files("claims")).hasSize(1);
    }

    @Test
    void close_ofAClaimThatOthersTookOver_leavesTheirs() throws IOException {
        Claim claim = store.claim(key("k")).orElseThrow();
        Path theirs = place(ELSEWHERE, Duration.ZERO);
        claim.close();

        assertThat(theirs).exists();
    }

    @Test
    void gc_removesClaimsOfTheDeadOnly() throws Exception {
        place(dead(), Duration.ZERO);
        Claim ours = store.claim(key("ours")).orElseThrow();

        store.gc(1 << 20, Duration.ofHours(1));

        assertThat(stores.files("claims")).hasSize(1);
        ours.close();
        assertThat(stores.files("claims")).isEmpty();
    }

    @Test
    void identity_ofAProcessThatBecomesAnotherProgram_stays() throws Exception {
        Process process = new ProcessBuilder("sh", "-c", "read x; exec cat").start();
        ProcessIdentity before = ProcessIdentity.find(process.pid());
        try (var questions = process.getOutputStream();
                var answers = process.getInputStream()) {
            questions.write("go\nhello\n".getBytes(UTF_8));
            questions.flush();
            assertThat(answers.read()).isEqualTo('h');

            assertThat(before.isAlive()).isTrue();
            assertThat(ProcessIdentity.find(process.pid())).isEqualTo(before);
        }
        process.waitFor();
        assertThat(before.isDead()).isTrue();
    }

    @Test
    void identity_isReadBack() {
        ProcessIdentity ours = ProcessIdentity.current();

        assertThat(ProcessIdentity.parse(ours.tag())).contains(ours);
        assertThat(ours.isAlive()).isTrue();
        assertThat(ours.isDead()).isFalse();
        assertThat(ELSEWHERE.isAlive()).isFalse();
        assertThat(ELSEWHERE.isDead()).isFalse();
        assertThat(ProcessIdentity.parse("x")).isEmpty();
        assertThat(ClaimText.parse("undump-claim-1 x y\n".getBytes(UTF_8))).isEqualTo(Optional.empty());
    }
}
