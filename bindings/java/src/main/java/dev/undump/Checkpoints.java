// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import dev.undump.internal.Engine;
import dev.undump.internal.Refresh;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** One checkpoint after the other, with its hooks around it. */
final class Checkpoints {
    private record Registered(String name, Hooks hooks) {}

    @FunctionalInterface
    private interface Call {
        void on(Hooks hooks) throws Exception;
    }

    private final Engine engine;
    private final Refresh refresh;
    private final ReentrantLock taking = new ReentrantLock();
    private final List<Registered> registered = new ArrayList<>();

    Checkpoints(Engine engine, Refresh refresh) {
        this.engine = engine;
        this.refresh = refresh;
    }

    Engine engine() {
        return engine;
    }

    Undump.Registration add(String name, Hooks hooks) {
        Registered entry = new Registered(name, hooks);
        synchronized (registered) {
            registered.add(entry);
        }
        return () -> {
            synchronized (registered) {
                registered.removeIf(other -> other == entry);
            }
        };
    }

    Outcome take(Options options) throws UndumpException {
        if (taking.isHeldByCurrentThread() || !taking.tryLock()) {
            throw new UndumpException(UndumpException.EBUSY, "taking a checkpoint: one is being taken at the moment");
        }
        try {
            return takeAlone(options);
        } finally {
            taking.unlock();
        }
    }

    private Outcome takeAlone(Options options) throws UndumpException {
        if (!engine.isAvailable()) {
            throw new UndumpException(UndumpException.ENOENT, engine.error());
        }
        List<Registered> hooks;
        synchronized (registered) {
            hooks = List.copyOf(registered);
        }
        List<Registered> called = new ArrayList<>();
        UndumpException refusal = before(hooks, called);
        refusal = refusal != null ? refusal : search();
        if (refusal != null) {
            callAll(called, "resume", Hooks::afterResume).forEach(refusal::addSuppressed);
            throw refusal;
        }
        int result = engine.checkpoint(options);
        if (result == Engine.LAUNCHED) {
            Launch launch = engine.launched().orElseThrow();
            List<Throwable> failures = new ArrayList<>(refresh.afterLaunch(launch, options));
            failures.addAll(callAll(called, "launch", one -> one.afterLaunch(launch)));
            return outcome(Outcome.LAUNCHED, failures);
        }
        // Before the hooks, which may call undump themselves.
        String reason = result < 0 ? engine.error() : null;
        List<Throwable> failures = callAll(called, "resume", Hooks::afterResume);
        if (result < 0) {
            UndumpException failure = new UndumpException(-result, reason);
            failures.forEach(failure::addSuppressed);
            throw failure;
        }
        return outcome(Outcome.RESUMED, failures);
    }

    /** Last registered first, until one says no. */
    private static UndumpException before(List<Registered> hooks, List<Registered> called) {
        for (int i = hooks.size() - 1; i >= 0; i--) {
            Registered one = hooks.get(i);
            called.add(one);
            try {
                one.hooks().beforeCheckpoint();
            } catch (Throwable e) {
                Collections.reverse(called);
                UndumpException refusal = new UndumpException(
                        UndumpException.ECANCELED, "taking a checkpoint: the hook " + one.name() + " said no: " + e);
                refusal.initCause(e);
                return refusal;
            }
        }
        Collections.reverse(called);
        return null;
    }

    /** Nothing that is wrong in there may pass by the hooks, which were told of a checkpoint. */
    private UndumpException search() {
        try {
            refresh.beforeCheckpoint();
            return null;
        } catch (RuntimeException | Error e) {
            UndumpException failure =
                    new UndumpException(UndumpException.ENOTSUP, "looking for what launches make new in this JVM: " + e);
            failure.initCause(e);
            return failure;
        }
    }

    private static List<Throwable> callAll(List<Registered> hooks, String after, Call call) {
        List<Throwable> failures = new ArrayList<>();
        for (Registered one : hooks) {
            try {
                call.on(one.hooks());
            } catch (Throwable e) {
                failures.add(new IllegalStateException("after " + after + ": the hook " + one.name() + " failed: " + e, e));
            }
        }
        return failures;
    }

    private static Outcome outcome(Outcome outcome, List<Throwable> failures) throws UndumpException {
        if (failures.isEmpty()) {
            return outcome;
        }
        UndumpException failure = new UndumpException(
                UndumpException.ECANCELED, "behind a checkpoint: " + failures.get(0).getMessage()
                        + (failures.size() > 1 ? ", and " + (failures.size() - 1) + " more" : ""), outcome);
        failures.forEach(failure::addSuppressed);
        throw failure;
    }
}
