// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A watch of an inotify instance.
 *
 * @param openFile the instance, index into {@link Checkpoint#openFiles()}
 * @param number watch descriptor, from 1
 * @param mask {@code IN_*} bits
 * @param path by which it was found
 */
public record Watch(int openFile, int number, int mask, NativeText path) {

    public Watch {
        Checks.notNegative("index of the inotify instance", openFile);
        Checks.check(number > 0, "number of a watch", number);
        Checks.check(!path.isEmpty(), "length of a watched path", path.length());
    }
}
