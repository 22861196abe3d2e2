// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;

/**
 * What the threads may do and where their memory is taken from.
 *
 * @param threads in the order of the threads; empty in checkpoints of releases that did not know them
 * @param boundMemory by address, not overlapping
 */
public record Identity(List<ThreadRights> threads, List<BoundMemory> boundMemory) {

    /** Nothing is known. */
    public static final Identity UNKNOWN = new Identity(List.of(), List.of());

    public Identity {
        threads = List.copyOf(threads);
        boundMemory = List.copyOf(boundMemory);
    }

    /** Returns whether seccomp(2) limits the system calls of some thread. */
    public boolean isFiltered() {
        return threads.stream().anyMatch(ThreadRights::isFiltered);
    }
}
