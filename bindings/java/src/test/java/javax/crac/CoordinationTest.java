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
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract of CRaC's global context, rule by rule. */
@Timeout(60)
class CoordinationTest extends CoordinationCase {

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
}
