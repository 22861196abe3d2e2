// SPDX-License-Identifier: Apache-2.0
package javax.crac;

/** Hears of checkpoints when it is registered with a {@link Context}. */
public interface Resource {
    /**
     * Before a checkpoint.
     *
     * @param context the one that tells
     * @throws Exception when there must be no checkpoint
     */
    void beforeCheckpoint(Context<? extends Resource> context) throws Exception;

    /**
     * In a launch; or in this process again, when it goes on or there was no checkpoint.
     *
     * @param context the one that tells
     * @throws Exception for the caller of {@link Core#checkpointRestore}
     */
    void afterRestore(Context<? extends Resource> context) throws Exception;
}
