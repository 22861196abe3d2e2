// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What resources threw, in order. */
final class Failures {
    /** What contexts throw, ours and those of org.crac: only the exceptions that they collected count. */
    private static final Set<String> COLLECTIONS = Set.of(
            CheckpointException.class.getName(),
            RestoreException.class.getName(),
            "org.crac.CheckpointException",
            "org.crac.RestoreException");

    /** One notification. */
    @FunctionalInterface
    interface Notification {
        void send() throws Exception;
    }

    private final List<Throwable> thrown = new ArrayList<>();

    void collect(Notification notification) {
        try {
            notification.send();
        } catch (Throwable e) {
            add(e);
        }
    }

    void add(Throwable failure) {
        boolean collection = COLLECTIONS.contains(failure.getClass().getName());
        if (collection && failure.getSuppressed().length > 0) {
            thrown.addAll(List.of(failure.getSuppressed()));
        } else {
            thrown.add(failure);
        }
    }

    boolean isEmpty() {
        return thrown.isEmpty();
    }

    /** Throws the exception with all of them as suppressed ones, when there are any. */
    <E extends Exception> void throwAs(E exception) throws E {
        if (!thrown.isEmpty()) {
            thrown.forEach(exception::addSuppressed);
            throw exception;
        }
    }
}
