// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A descriptor number.
 *
 * @param fd the number, not negative
 * @param openFile index into {@link Checkpoint#openFiles()}; equal for descriptors that share one offset
 */
public record Descriptor(int fd, int openFile, boolean closeOnExec) {

    public Descriptor {
        Checks.notNegative("descriptor", fd);
        Checks.notNegative("index of the open file", openFile);
    }
}
