// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import dev.undump.Outcome;
import dev.undump.UndumpException;
import java.util.concurrent.locks.ReentrantLock;

/** A context and the checkpoints that it is told of. */
final class Coordination {
    /** Takes checkpoints. */
    interface Checkpoint {
        boolean isAvailable();

        Outcome take() throws UndumpException;
    }

    private final GlobalContext context = new GlobalContext();
    private final ReentrantLock taking = new ReentrantLock();
    private final Checkpoint checkpoint;

    Coordination(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    Context<Resource> context() {
        return context;
    }

    void checkpointRestore() throws CheckpointException, RestoreException {
        if (!checkpoint.isAvailable()) {
            throw new UnsupportedOperationException("undump has no library for this system");
        }
        if (taking.isHeldByCurrentThread()) {
            CheckpointException recursive = new CheckpointException();
            recursive.addSuppressed(new IllegalStateException("a resource asks for a checkpoint while one is taken"));
            throw recursive;
        }
        taking.lock();
        try {
            takeAlone();
        } finally {
            taking.unlock();
        }
    }

    private void takeAlone() throws CheckpointException, RestoreException {
        Failures before = new Failures();
        Failures behind = new Failures();
        before.collect(() -> context.beforeCheckpoint(null));
        if (before.isEmpty()) {
            try {
                checkpoint.take();
            } catch (UndumpException e) {
                (e.outcome().isPresent() ? behind : before).add(e);
            } catch (RuntimeException | Error e) {
                before.add(e);
            }
        }
        (before.isEmpty() ? behind : before).collect(() -> context.afterRestore(null));
        before.throwAs(new CheckpointException());
        behind.throwAs(new RestoreException());
    }
}
