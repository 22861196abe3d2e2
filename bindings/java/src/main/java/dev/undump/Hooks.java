// SPDX-License-Identifier: Apache-2.0
package dev.undump;

/** What a part of the program does around checkpoints. All of it runs in the thread that calls {@link Undump#checkpoint}. */
public interface Hooks {
    /**
     * Before a checkpoint; hooks registered last are called first.
     *
     * @throws Exception to have no checkpoint taken
     */
    default void beforeCheckpoint() throws Exception {}

    /**
     * In the process that goes on, also after a failure if {@link #beforeCheckpoint} was called; first registered first.
     *
     * @throws Exception for the caller of {@link Undump#checkpoint}; all other hooks run nevertheless
     */
    default void afterResume() throws Exception {}

    /**
     * In a launch; first registered first. Random numbers, the environment and the directory are the launch's already.
     *
     * @param launch what the process was launched with
     * @throws Exception for the caller of {@link Undump#checkpoint}; all other hooks run nevertheless
     */
    default void afterLaunch(Launch launch) throws Exception {}
}
