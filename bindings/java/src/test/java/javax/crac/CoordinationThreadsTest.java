// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What registers or asks for a checkpoint while one is taken: a resource, or another thread. */
@Timeout(60)
class CoordinationThreadsTest extends CoordinationCase {

    @Test
    void registering_whileACheckpointIsTaken_countsFromTheNextOne() throws Exception {
        Logging late = new Logging("late", null, null);
        held.add(late);
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
                super.beforeCheckpoint(context);
                coordination.context().register(late);
            }
        });

        coordination.checkpointRestore();
        assertThat(log).containsExactly("before a", "checkpoint", "after a");
        log.clear();
        coordination.checkpointRestore();
        assertThat(log).containsExactly("before late", "before a", "checkpoint", "after a", "after late");
    }

    @Test
    void registering_byAnotherThread_waitsUntilTheCheckpointIsOver() throws Exception {
        Logging late = new Logging("late", null, null);
        held.add(late);
        Thread other = new Thread(() -> {
            coordination.context().register(late);
            log.add("registered");
        });
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
                super.beforeCheckpoint(context);
                other.start();
                while (other.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            }

            @Override
            public void afterRestore(Context<? extends Resource> context) throws Exception {
                // Not held up any more: to wait for it here is no deadlock.
                other.join();
                super.afterRestore(context);
            }
        });

        coordination.checkpointRestore();

        assertThat(log).containsExactly("before a", "checkpoint", "registered", "after a");
    }

    @Test
    void registering_byAnInterruptedThread_isRefusedInsteadOfWaiting() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread other = new Thread(() -> {
            try {
                coordination.context().register(new Logging("late", null, null));
            } catch (IllegalStateException e) {
                thrown.set(e);
                log.add("interrupted " + Thread.currentThread().isInterrupted());
            }
        });
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
                other.start();
                other.interrupt();
                other.join();
            }
        });

        coordination.checkpointRestore();

        assertThat(thrown.get()).hasMessageContaining("interrupted");
        assertThat(log).containsExactly("interrupted true", "checkpoint", "after a");
    }

    @Test
    void checkpoint_askedForByAResource_isRefused() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) {
                thrown.set(refused());
            }
        });

        coordination.checkpointRestore();

        assertThat(thrown.get().getSuppressed()).singleElement().isInstanceOf(IllegalStateException.class);
        assertThat(log).containsExactly("checkpoint", "after a");
    }

    @Test
    void checkpoints_ofTwoThreads_areTakenOneAfterTheOther() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        AtomicReference<Thread> second = new AtomicReference<>();
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
                super.beforeCheckpoint(context);
                inside.countDown();
                while (second.get() == null || second.get().getState() != Thread.State.WAITING && log.size() < 3) {
                    Thread.onSpinWait();
                }
            }
        });
        Thread first = new Thread(() -> checkpoint());
        first.start();
        assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
        Thread other = new Thread(() -> checkpoint());
        other.start();
        second.set(other);
        first.join();
        other.join();

        assertThat(log).containsExactly("before a", "checkpoint", "after a", "before a", "checkpoint", "after a");
    }

    private void checkpoint() {
        try {
            coordination.checkpointRestore();
        } catch (CheckpointException | RestoreException e) {
            log.add(e.toString());
        }
    }
}
