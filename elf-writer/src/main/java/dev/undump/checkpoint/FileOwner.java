// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.util.OptionalInt;

/**
 * Who gets the signals of an open file description.
 *
 * @param openFile index into {@link Checkpoint#openFiles()}
 * @param kind {@code CKPT_OWNER_*}
 * @param tid of {@code CKPT_OWNER_THREAD}: the thread's id as the program saw it; else empty
 * @param signal what is sent; 0: SIGIO
 */
public record FileOwner(int openFile, int kind, OptionalInt tid, int signal) {

    private static final int LAST_SIGNAL = 64;

    public FileOwner {
        Checks.notNegative("index of the file with an owner", openFile);
        Checks.check(
                kind >= CheckpointLayout.OWNER_THREAD && kind <= CheckpointLayout.OWNER_NOBODY, "kind of an owner", kind);
        Checks.check(
                tid.isPresent() == (kind == CheckpointLayout.OWNER_THREAD), "thread of an owner", tid.orElse(0));
        Checks.check(signal >= 0 && signal <= LAST_SIGNAL, "signal of a file", signal);
    }
}
