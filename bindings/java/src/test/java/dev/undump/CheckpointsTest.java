// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.undump.internal.Engine;
import dev.undump.internal.Refresh;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class CheckpointsTest {
    private static final Launch LAUNCH =
            new Launch("tool", List.of("a"), Map.of("A", "b"), Optional.of(Path.of("/")), 1, new byte[32]);

    private final List<String> log = new ArrayList<>();
    private final List<Throwable> notRenewed = new ArrayList<>();
    private int result = Engine.LAUNCHED;
    private boolean searchFails;
    private boolean available = true;
    private Runnable duringCheckpoint = () -> {};
    private final Checkpoints checkpoints = new Checkpoints(new TestEngine(), new Refresh() {
        @Override
        public void beforeCheckpoint() {
            log.add("search");
            if (searchFails) {
                throw new IllegalStateException("another JVM");
            }
        }

        @Override
        public List<Throwable> afterLaunch(Launch launch, Options options) {
            log.add("renew");
            return notRenewed;
        }
    });

    private final class TestEngine implements Engine {
        @Override
        public boolean isAvailable() {
            return available;
        }

        @Override
        public int checkpoint(Options options) {
            log.add("checkpoint");
            duringCheckpoint.run();
            return result;
        }

        @Override
        public String error() {
            return "a device is mapped";
        }

        @Override
        public Optional<Launch> launched() {
            return Optional.of(LAUNCH);
        }

        @Override
        public List<Session> sessions() {
            return List.of();
        }

        @Override
        public int sessionImage(String session) {
            return 0;
        }

        @Override
        public int sessionRemove(String session) {
            return 0;
        }

        @Override
        public int rollback(String session) {
            return 0;
        }
    }

    /** Logs, and throws where its words say. */
    private Undump.Registration add(String name, String failsAt) {
        return checkpoints.add(name, new Hooks() {
            @Override
            public void beforeCheckpoint() throws Exception {
                step("before");
            }

            @Override
            public void afterResume() throws Exception {
                step("resume");
            }

            @Override
            public void afterLaunch(Launch launch) throws Exception {
                assertThat(launch).isEqualTo(LAUNCH);
                step("launch");
            }

            private void step(String what) throws Exception {
                log.add(what + " " + name);
                if (what.equals(failsAt)) {
                    throw new Exception(name + " is broken");
                }
            }
        });
    }

    private UndumpException failure() {
        return catchThrowableOfType(UndumpException.class, () -> checkpoints.take(Options.defaults()));
    }

    @Test
    void launch_searchesLast_renewsFirst_hooksInOrder() throws Exception {
        add("a", "");
        add("b", "");

        assertThat(checkpoints.take(Options.defaults())).isEqualTo(Outcome.LAUNCHED);

        assertThat(log).containsExactly("before b", "before a", "search", "checkpoint", "renew", "launch a", "launch b");
    }

    @Test
    void resume_renewsNothing() throws Exception {
        add("a", "");
        add("b", "");
        result = Engine.RESUMED;

        assertThat(checkpoints.take(Options.defaults())).isEqualTo(Outcome.RESUMED);

        assertThat(log).containsExactly("before b", "before a", "search", "checkpoint", "resume a", "resume b");
    }

    @Test
    void removedHooks_areNotCalled() throws Exception {
        add("a", "");
        Undump.Registration removed = add("b", "");
        removed.close();
        removed.close();

        checkpoints.take(Options.defaults());

        assertThat(log).containsExactly("before a", "search", "checkpoint", "renew", "launch a");
    }

    @Test
    void hookThatSaysNo_noCheckpoint_calledOnesResume() {
        add("a", "");
        add("b", "before");
        add("c", "resume");

        UndumpException failure = failure();

        assertThat(log).containsExactly("before c", "before b", "resume b", "resume c");
        assertThat(failure.errno()).isEqualTo(UndumpException.ECANCELED);
        assertThat(failure).hasMessageContaining("b is broken").hasCauseInstanceOf(Exception.class);
        assertThat(failure.outcome()).isEmpty();
        assertThat(failure.getSuppressed()).singleElement().satisfies(e -> assertThat(e).hasMessageContaining("c is broken"));
    }

    @Test
    void engineThatRefuses_itsWords_hooksResume() {
        add("a", "");
        result = -UndumpException.ENOTSUP;

        UndumpException failure = failure();

        assertThat(log).containsExactly("before a", "search", "checkpoint", "resume a");
        assertThat(failure).hasMessage("a device is mapped");
        assertThat(failure.errno()).isEqualTo(UndumpException.ENOTSUP);
        assertThat(failure.outcome()).isEmpty();
    }

    @Test
    void searchThatFails_noCheckpoint_hooksResume() {
        add("a", "");
        searchFails = true;

        assertThat(failure()).hasMessageContaining("another JVM");
        assertThat(log).containsExactly("before a", "search", "resume a");
    }

    @Test
    void noEngine_itsReason_nobodyIsTold() {
        add("a", "");
        available = false;

        UndumpException failure = failure();

        assertThat(failure).hasMessage("a device is mapped");
        assertThat(failure.errno()).isEqualTo(UndumpException.ENOENT);
        assertThat(log).isEmpty();
    }

    @Test
    void hookThatFailsBehind_othersRun_outcomeIsThere() {
        add("a", "launch");
        add("b", "");
        add("c", "launch");
        notRenewed.add(new IllegalStateException("no environment"));

        UndumpException failure = failure();

        assertThat(log).endsWith("renew", "launch a", "launch b", "launch c");
        assertThat(failure.outcome()).contains(Outcome.LAUNCHED);
        assertThat(failure).hasMessageContaining("no environment").hasMessageContaining("2 more");
        assertThat(failure.getSuppressed()).hasSize(3);
    }

    @Test
    void checkpointOfAHook_isBusy() throws Exception {
        AtomicReference<UndumpException> thrown = new AtomicReference<>();
        checkpoints.add("a", new Hooks() {
            @Override
            public void beforeCheckpoint() {
                thrown.set(failure());
            }
        });

        checkpoints.take(Options.defaults());

        assertThat(thrown.get().errno()).isEqualTo(UndumpException.EBUSY);
    }

    @Test
    void checkpointOfAnotherThread_isBusy() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        duringCheckpoint = () -> {
            inside.countDown();
            try {
                asked.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        };
        Thread other = new Thread(() -> {
            try {
                checkpoints.take(Options.defaults());
            } catch (UndumpException e) {
                log.add(e.toString());
            }
        });
        other.start();
        inside.await();

        assertThat(failure().errno()).isEqualTo(UndumpException.EBUSY);

        asked.countDown();
        other.join();
        assertThat(log).containsExactly("search", "checkpoint", "renew");
    }
}
