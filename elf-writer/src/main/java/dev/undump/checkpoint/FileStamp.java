// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * What stat(2) tells of a file; an equal one is the same file, unchanged.
 *
 * @param mode {@code st_mode}
 * @param sizeBytes as an unsigned number
 * @param mtimeNs nanoseconds since the epoch, modulo 2^64
 * @param ctimeNs likewise
 */
public record FileStamp(int mode, long sizeBytes, long inode, long mtimeNs, long ctimeNs) {

    /** Of what is not there. */
    public static final FileStamp NONE = new FileStamp(0, 0, 0, 0, 0);

    private static final int TYPE = 0170000;
    private static final int REGULAR = 0100000;
    private static final int SYMBOLIC_LINK = 0120000;

    /** Returns whether the other one is of the same kind of file: regular, directory, link and so on. */
    public boolean isSameKind(FileStamp other) {
        return (mode & TYPE) == (other.mode & TYPE);
    }

    /** Returns whether it is a regular file. */
    public boolean isRegular() {
        return (mode & TYPE) == REGULAR;
    }

    /** Returns whether it is a symbolic link. */
    public boolean isLink() {
        return (mode & TYPE) == SYMBOLIC_LINK;
    }
}
