// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

/** How a run through the cache went. */
public enum Outcome {
    /** The local store had the image. */
    HIT("hits"),
    /** Another store had it. */
    REMOTE_HIT("remote_hits"),
    /** There was none, and the program ran as it is. */
    MISS("misses"),
    /** Something of ours failed, and the program ran as it is. */
    FAILURE("failures");

    private final String counter;

    Outcome(String counter) {
        this.counter = counter;
    }

    /** Returns the name that it is counted by. */
    String counter() {
        return counter;
    }
}
