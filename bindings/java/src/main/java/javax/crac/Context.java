// SPDX-License-Identifier: Apache-2.0
package javax.crac;

/**
 * A resource that tells others.
 *
 * @param <R> what it tells
 */
public abstract class Context<R extends Resource> implements Resource {
    /** For implementations. */
    protected Context() {}

    /** @throws CheckpointException with what resources threw as suppressed exceptions */
    @Override
    public abstract void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException;

    /** @throws RestoreException with what resources threw as suppressed exceptions */
    @Override
    public abstract void afterRestore(Context<? extends Resource> context) throws RestoreException;

    /**
     * Registers a resource.
     *
     * @throws NullPointerException when it is null
     */
    public abstract void register(R resource);
}
