// SPDX-License-Identifier: Apache-2.0
package dev.undump;

import java.util.Optional;

/** What undump could not do, in a sentence, with the number of errno(3) as undump.h tells them apart. */
public class UndumpException extends Exception {
    private static final long serialVersionUID = 1;

    /** The program has something that no launch can bring back; the message names it. */
    public static final int ENOTSUP = 95;
    /** A checkpoint is taken at the moment, or another process traces this one. */
    public static final int EBUSY = 16;
    /** A hook said no. */
    public static final int ECANCELED = 125;
    /** There is no such session; or ckpt, undump or their library was not found. */
    public static final int ENOENT = 2;
    /** This system does not let ckpt trace the process. */
    public static final int EPERM = 1;

    private final int errno;
    private final Outcome outcome;

    /**
     * @param errno number of errno(3), positive
     * @param message sentence for the user
     */
    public UndumpException(int errno, String message) {
        this(errno, message, null);
    }

    /** @param outcome what came of the checkpoint nevertheless; null when there is none */
    UndumpException(int errno, String message, Outcome outcome) {
        super(message);
        this.errno = errno;
        this.outcome = outcome;
    }

    /** Number of errno(3), positive. */
    public int errno() {
        return errno;
    }

    /**
     * What {@link Undump#checkpoint} would have returned had all hooks gone well afterwards; empty when no checkpoint was taken. The
     * exceptions of the hooks are the suppressed ones.
     */
    public Optional<Outcome> outcome() {
        return Optional.ofNullable(outcome);
    }
}
