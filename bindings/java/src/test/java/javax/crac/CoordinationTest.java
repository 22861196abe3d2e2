// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.undump.Outcome;
import dev.undump.UndumpException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract of CRaC's global context, rule by rule. */
@Timeout(60)
class CoordinationTest {
    private final List<String> log = Collections.synchronizedList(new ArrayList<>());
    private final TestCheckpoint checkpoint = new TestCheckpoint();
    private final Coordination coordination = new Coordination(checkpoint);
    /** Contexts hold resources weakly. */
    private final List<Resource> held = new ArrayList<>();

    /** Logs "checkpoint". */
    private final class TestCheckpoint implements Coordination.Checkpoint {
        private boolean available = true;
        private UndumpException failure;

        @Override
        public boolean isAvailable() {
            return available;
        }

        @Override
        public Outcome take() throws UndumpException {
            if (failure != null) {
                throw failure;
            }
            log.add("checkpoint");
            return Outcome.LAUNCHED;
        }
    }

    /** Logs what it is told, and throws when it has to. */
    private class Logging implements Resource {
        private final String name;
        private final Exception before;
        private final Exception after;

        Logging(String name, Exception before, Exception after) {
            this.name = name;
            this.before = before;
            this.after = after;
        }

        @Override
        public void beforeCheckpoint(Context<? extends Resource> context) throws Exception {
            log.add("before " + name);
            if (before != null) {
                throw before;
            }
        }

        @Override
        public void afterRestore(Context<? extends Resource> context) throws Exception {
            log.add("after " + name);
            if (after != null) {
                throw after;
            }
        }
    }

    private <R extends Resource> R register(R resource) {
        held.add(resource);
        coordination.context().register(resource);
        return resource;
    }

    private Logging logging(String name) {
        return register(new Logging(name, null, null));
    }

    private CheckpointException refused() {
        return catchThrowableOfType(CheckpointException.class, coordination::checkpointRestore);
    }

    @Test
    void order_isReversedBefore_andThatOfRegistrationBehind() throws Exception {
        logging("a");
        logging("b");
        logging("c");

        coordination.checkpointRestore();
        coordination.checkpointRestore();

        List<String> once = List.of("before c", "before b", "before a", "checkpoint", "after a", "after b", "after c");
        assertThat(log.subList(0, 7)).isEqualTo(once);
        assertThat(log.subList(7, 14)).isEqualTo(once);
    }

    @Test
    void registeredAgain_isToldOnce_asTheLast() throws Exception {
        Logging first = logging("a");
        logging("b");
        register(first);

        coordination.checkpointRestore();

        assertThat(log).containsExactly("before a", "before b", "checkpoint", "after b", "after a");
    }

    @Test
    void register_null_isRefused() {
        assertThatThrownBy(() -> coordination.context().register(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void resourceThatNobodyHolds_isForgotten() throws Exception {
        WeakReference<Resource> forgotten = new WeakReference<>(new Logging("forgotten", null, null));
        coordination.context().register(forgotten.get());
        logging("held");
        while (!forgotten.refersTo(null)) {
            System.gc();
        }

        coordination.checkpointRestore();

        assertThat(log).containsExactly("before held", "checkpoint", "after held");
    }

    @Test
    void resourceThatWasTold_isHeldUntilItIsToldAgain() throws Exception {
        AtomicReference<WeakReference<Resource>> last = new AtomicReference<>();
        Coordination collecting = new Coordination(new Coordination.Checkpoint() {
            @Override
            public boolean isAvailable() {
                return true;
            }

            @Override
            public Outcome take() {
                System.gc();
                return Outcome.LAUNCHED;
            }
        });
        last.set(new WeakReference<>(new Logging("last", null, null)));
        collecting.context().register(last.get().get());

        // Nobody else holds it; unless it is collected at once, it is told twice.
        collecting.checkpointRestore();

        assertThat(log).isIn(List.of(), List.of("before last", "after last"));
    }

    @Test
    void exceptionBefore_allAreTold_noCheckpoint_allAreToldBehind_exceptionsAreSuppressed() {
        Exception first = new Exception("first");
        Exception second = new IllegalStateException("second");
        register(new Logging("a", second, null));
        logging("b");
        register(new Logging("c", first, null));

        CheckpointException refused = refused();

        assertThat(log).containsExactly("before c", "before b", "before a", "after a", "after b", "after c");
        assertThat(refused.getSuppressed()).containsExactly(first, second);
    }

    @Test
    void exceptionBehind_allAreTold_exceptionsAreSuppressed() {
        Exception first = new Exception("first");
        Exception second = new IllegalStateException("second");
        register(new Logging("a", null, first));
        logging("b");
        register(new Logging("c", null, second));

        RestoreException failed = catchThrowableOfType(RestoreException.class, coordination::checkpointRestore);

        assertThat(log).containsExactly("before c", "before b", "before a", "checkpoint", "after a", "after b", "after c");
        assertThat(failed.getSuppressed()).containsExactly(first, second);
    }

    @Test
    void exceptionsBeforeAndBehind_areTogetherInTheCheckpointException() {
        Exception before = new Exception("before");
        Exception after = new Exception("after");
        register(new Logging("a", before, after));

        assertThat(refused().getSuppressed()).containsExactly(before, after);
    }

    @Test
    void error_isCollectedAsWell() {
        Error error = new AssertionError("broken");
        register(new Logging("a", null, null) {
            @Override
            public void beforeCheckpoint(Context<? extends Resource> context) {
                throw error;
            }
        });
        logging("b");

        assertThat(refused().getSuppressed()).containsExactly(error);
        assertThat(log).containsExactly("before b", "after a", "after b");
    }

    @Test
    void noCheckpoint_reasonIsSuppressed_resourcesAreToldBehind() {
        logging("a");
        checkpoint.failure = new UndumpException(UndumpException.ENOTSUP, "a device is mapped");

        assertThat(refused().getSuppressed()).containsExactly(checkpoint.failure);
        assertThat(log).containsExactly("before a", "after a");
    }

    @Test
    void nothingToTakeCheckpointsWith_nobodyIsTold() {
        logging("a");
        checkpoint.available = false;

        assertThatThrownBy(coordination::checkpointRestore).isInstanceOf(UnsupportedOperationException.class);
        assertThat(log).isEmpty();
    }

    @Test
    void nestedContext_isAResource_whatItCollectedCounts() {
        Exception inner = new Exception("inner");
        Exception outer = new Exception("outer");
        GlobalContext nested = register(new GlobalContext());
        Resource in = new Logging("in", inner, null);
        nested.register(in);
        Resource alsoIn = new Logging("also in", inner, null);
        nested.register(alsoIn);
        register(new Logging("out", outer, null));

        CheckpointException refused = refused();

        assertThat(log).containsExactly("before out", "before also in", "before in", "after in", "after also in", "after out");
        assertThat(refused.getSuppressed()).containsExactly(outer, inner, inner);
        assertThat(List.of(in, alsoIn)).hasSize(2);
    }

    @Test
    void contextOfOrgCrac_whatItCollectedCounts() {
        Exception inner = new Exception("inner");
        org.crac.CheckpointException collected = new org.crac.CheckpointException();
        collected.addSuppressed(inner);
        register(new Logging("a", collected, null));

        assertThat(refused().getSuppressed()).containsExactly(inner);
    }

    @Test
    void proxyThatForwardsTwoMethodsOnly_isEnough() throws Exception {
        Logging target = new Logging("target", null, null);
        InvocationHandler handler = (proxy, method, arguments) -> {
            assertThat(method.getName()).as("equals, hashCode and toString are not there").isIn("beforeCheckpoint", "afterRestore");
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        Resource proxy = (Resource) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Resource.class}, handler);
        held.add(proxy);
        coordination.context().register(proxy);
        coordination.context().register(proxy);

        coordination.checkpointRestore();

        assertThat(log).containsExactly("before target", "checkpoint", "after target");
    }

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
