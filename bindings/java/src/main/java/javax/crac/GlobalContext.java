// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Tells its resources before a checkpoint in reverse order of their registration, and behind it the same ones in order; each of them,
 * whatever others throw. It holds them weakly, except from the one to the other.
 */
final class GlobalContext extends Context<Resource> {
    private final RegistrationOrder order = new RegistrationOrder();
    /** Who takes a checkpoint at the moment. */
    private Thread teller;
    /** What was told of the checkpoint, oldest registration first. */
    private List<Resource> told = List.of();

    /**
     * Another thread's registration waits until the checkpoint is over, so that nothing is registered that was not told; one of the
     * thread that takes it counts from the next checkpoint on.
     *
     * @throws IllegalStateException when the waiting thread is interrupted; its interrupt status stays
     */
    @Override
    public void register(Resource resource) {
        Objects.requireNonNull(resource, "resource");
        awaitCheckpoint();
        order.add(resource);
    }

    private synchronized void awaitCheckpoint() {
        while (teller != null && teller != Thread.currentThread()) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("registering a resource: interrupted while a checkpoint was taken", e);
            }
        }
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
        synchronized (this) {
            teller = Thread.currentThread();
        }
        told = order.living();
        Failures failures = new Failures();
        for (int i = told.size() - 1; i >= 0; i--) {
            Resource resource = told.get(i);
            failures.collect(() -> resource.beforeCheckpoint(this));
        }
        failures.throwAs(new CheckpointException());
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws RestoreException {
        List<Resource> resources = told;
        told = List.of();
        // Registrations go on before the resources are told: one of these may wait for the thread that registers.
        synchronized (this) {
            teller = null;
            notifyAll();
        }
        Failures failures = new Failures();
        for (Resource resource : new ArrayList<>(resources)) {
            failures.collect(() -> resource.afterRestore(this));
        }
        failures.throwAs(new RestoreException());
    }
}
