// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static dev.undump.cache.Stores.facts;
import static dev.undump.cache.Stores.key;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One store and many processes, some of which are killed. */
class ProcessesIT {

    private static final int RACERS = 32;
    private static final int COUNTING = 8;
    private static final int ADDITIONS = 50;
    private static final int WORKERS = 4;
    private static final int KILLS = 10;
    private static final int KEYS = 12;

    @TempDir
    Path folder;

    private Stores stores;
    private LocalStore store;
    private final List<Racer> racers = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        stores = new Stores(folder);
        store = stores.store;
    }

    @AfterEach
    void end() throws IOException {
        for (Racer racer : racers) {
            racer.close();
        }
    }

    private Racer start(String mode, String... arguments) throws IOException {
        Racer racer = new Racer(mode, stores.root, arguments);
        racers.add(racer);
        return racer;
    }

    private void startAll(int count, String mode, String argument) throws IOException {
        for (int i = 0; i < count; i++) {
            start(mode, argument);
        }
        for (Racer racer : racers) {
            racer.ready();
        }
        for (Racer racer : racers) {
            racer.go();
        }
    }

    /** Returns the one that has got the claim. */
    private Racer winner() throws IOException {
        Racer winner = null;
        for (Racer racer : racers) {
            String answer = racer.next();
            if (answer.startsWith("CLAIMED ")) {
                assertThat(winner).as("the first of two winners").isNull();
                winner = racer;
            } else {
                assertThat(answer).isEqualTo("NONE");
            }
        }
        return winner;
    }

    /** First for a free key, then again and again for one whose owner was killed. */
    @Test
    void claim_of32ProcessesForOneKey_oneGetsIt() throws Exception {
        startAll(RACERS, "claim", "k");
        for (int round = 0; round < RACERS - 1; round++) {
            Racer winner = winner();
            assertThat(winner).as("round %d", round).isNotNull();
            assertThat(store.claim(key("k"))).isEmpty();
            winner.close();
            racers.remove(winner);
            for (Racer racer : racers) {
                racer.go();
            }
        }
        assertThat(winner()).isNotNull();
        assertThat(stores.files("claims")).hasSize(1);
        assertThat(stores.files("tmp")).isEmpty();
    }

    @Test
    void claim_thatIsAdopted_outlivesTheProcessThatHadIt() throws Exception {
        Racer owner = start("claim", "k").ready().go();
        String token = owner.next().split(" ")[1];

        assertThat(store.adopt(key("k"), "wrong")).isEmpty();
        Claim claim = store.adopt(key("k"), token).orElseThrow();
        owner.kill();
        owner.await();

        assertThat(store.claim(key("k"))).isEmpty();
        assertThat(store.adopt(key("k"), token)).isEmpty();
        claim.close();
        try (Claim again = store.claim(key("k")).orElseThrow()) {
            assertThat(again.key()).isEqualTo(key("k"));
        }
        assertThat(stores.files("claims")).isEmpty();
    }

    /** Counters are summed up all the time while others add to them: none is lost, none counts twice. */
    @Test
    void count_ofManyProcesses_isExact() throws Exception {
        startAll(COUNTING, "count", Integer.toString(ADDITIONS));
        AtomicBoolean done = new AtomicBoolean();
        List<Exception> failures = new ArrayList<>();
        Thread summing = new Thread(() -> {
            try {
                while (!done.get()) {
                    store.gc(1 << 30, Duration.ofHours(1));
                    store.statistics();
                }
            } catch (IOException | RuntimeException e) {
                failures.add(e);
            }
        });
        summing.start();
        for (Racer racer : racers) {
            assertThat(racer.next()).isEqualTo("DONE");
        }
        done.set(true);
        summing.join();

        assertThat(failures).isEmpty();
        assertThat(store.statistics().hits()).isEqualTo(COUNTING * ADDITIONS);
        assertThat(store.statistics().saved()).isEqualTo(Duration.ofMillis(COUNTING * ADDITIONS * 10));
        assertThat(stores.files("tmp")).isEmpty();
    }

    private Racer work(boolean removes) throws IOException {
        return start("work", Integer.toString(KEYS), Boolean.toString(removes)).ready().go();
    }

    private Set<String> killSome(boolean removes) throws Exception {
        Random random = new Random(11);
        Set<String> published = new HashSet<>();
        List<String> other = new ArrayList<>();
        List<Racer> alive = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            alive.add(work(removes));
        }
        for (int kills = 0; kills < KILLS || !alive.isEmpty(); kills++) {
            // A moment that nobody chose.
            Thread.sleep(random.nextInt(400));
            Racer victim = alive.remove(random.nextInt(alive.size()));
            for (String line : victim.kill()) {
                (line.startsWith("PUBLISHED ") ? published : other).add(line.replace("PUBLISHED ", ""));
            }
            victim.await();
            if (kills < KILLS) {
                alive.add(work(removes));
            }
        }
        assertThat(other).isEmpty();
        return published;
    }

    @Test
    void publish_byProcessesThatAreKilled_losesNothingAndLeavesAWholeStore() throws Exception {
        Set<String> published = killSome(false);

        assertThat(published).isNotEmpty();
        assertThat(store.verify().problems()).isEmpty();
        for (String name : published) {
            Entry entry = store.find(key(name)).orElseThrow(() -> new AssertionError(name + " is lost"));
            assertThat(store.image(entry)).hasBinaryContent(Stores.content(name, StoreRacer.IMAGE_BYTES));
        }
        // What the dead had claimed can be claimed again, and what they left is collected.
        for (int i = 0; i < KEYS; i++) {
            store.claim(key("key " + i)).orElseThrow().close();
        }
        stores.clock.set(java.time.Instant.now().plus(Duration.ofHours(2)));
        store.gc(1 << 30, Duration.ofMinutes(1));
        assertThat(stores.files("tmp")).isEmpty();
        assertThat(store.statistics().published()).isLessThanOrEqualTo(published.size() * 2L);
    }

    @Test
    void everything_byProcessesThatAreKilled_leavesAWholeStore() throws Exception {
        killSome(true);

        assertThat(store.verify().problems()).allMatch(line -> line.contains("there are none"));
        assertThat(store.verify().problems()).isEmpty();
        stores.publish("afterwards", 1000);
        assertThat(store.find(key("afterwards"))).isPresent();
    }

    /** The kernel keeps what runs. */
    @Test
    void gc_whileAnImageRuns_doesNotDisturbIt() throws Exception {
        Path program = Files.copy(Path.of("/bin/cat"), folder.resolve("program"));
        Entry entry = store.publish(key("cat"), program, facts("cat"));
        Process running = new ProcessBuilder(store.image(entry).toString()).start();
        try (BufferedReader answers = new BufferedReader(new InputStreamReader(running.getInputStream(), UTF_8));
                OutputStream questions = running.getOutputStream()) {
            questions.write("before\n".getBytes(UTF_8));
            questions.flush();
            assertThat(answers.readLine()).isEqualTo("before");

            assertThat(store.gcByForce(0, Duration.ofHours(1)).evictedImages()).isEqualTo(1);
            assertThat(store.image(entry)).doesNotExist();

            questions.write("after\n".getBytes(UTF_8));
            questions.flush();
            assertThat(answers.readLine()).isEqualTo("after");
        }
        assertThat(running.waitFor()).isZero();
    }
}
