// SPDX-License-Identifier: Apache-2.0
package javax.crac;

import dev.undump.Options;
import dev.undump.Outcome;
import dev.undump.Undump;
import dev.undump.UndumpException;

/**
 * Checkpoint and restore as CRaC knows them, made by undump on any JDK. The process ends when its checkpoint is complete; an image that
 * {@code undump} makes of it goes on behind {@link #checkpointRestore}. Properties of the system: {@code undump.checkpoint=FILE}
 * (else {@code myckpt.dat}), {@code undump.continue=true} to go on in this process as well, and the others of
 * {@link Options#fromProperties}.
 */
public final class Core {
    private static final Coordination COORDINATION = new Coordination(new Coordination.Checkpoint() {
        @Override
        public boolean isAvailable() {
            return Undump.isAvailable();
        }

        @Override
        public Outcome take() throws UndumpException {
            // As CRaC does: what nobody needs is no part of the image, and what launches need lies together.
            System.gc();
            return Undump.checkpoint(Options.fromProperties());
        }
    });

    private Core() {}

    /** The context that a checkpoint tells. */
    public static Context<Resource> getGlobalContext() {
        return COORDINATION.context();
    }

    /**
     * Tells all resources, takes a checkpoint and returns in every launch of an image that is made of it. Checkpoints are taken one after
     * the other; a resource that asks for one gets an exception.
     *
     * @throws CheckpointException when there is no checkpoint: a resource threw, or undump could not take one
     *     ({@link UndumpException} is the suppressed exception); the process goes on
     * @throws RestoreException when resources failed behind it
     * @throws UnsupportedOperationException when there is no undump for this system; nobody was told
     */
    public static void checkpointRestore() throws CheckpointException, RestoreException {
        COORDINATION.checkpointRestore();
    }
}
