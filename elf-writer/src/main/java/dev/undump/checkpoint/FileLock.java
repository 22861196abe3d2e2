// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/**
 * A lock that the program held on a file.
 *
 * @param openFile through which it was taken, index into {@link Checkpoint#openFiles()}
 * @param kind {@code CKPT_LOCK_*}
 * @param start first byte; of flock 0
 * @param length bytes; 0: to the end, wherever that is
 */
public record FileLock(int openFile, int kind, boolean exclusive, long start, long length) {

    public FileLock {
        Checks.notNegative("index of the locked file", openFile);
        Checks.check(
                kind >= CheckpointLayout.LOCK_FLOCK && kind <= CheckpointLayout.LOCK_DESCRIPTION, "kind of a lock", kind);
        Checks.notNegative("start of a lock", start);
        Checks.check(length >= 0 && length <= Long.MAX_VALUE - start, "length of a lock", length);
    }
}
