// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.util.List;

/**
 * An open file description.
 *
 * @param flags {@code CKPT_DESCRIPTION_*} bits
 * @param openFlags {@code F_GETFL} bits with access mode
 * @param mode {@code st_mode}
 * @param offset file position in bytes, or directory cookie
 * @param rdevMajor of devices
 * @param size {@code st_size}
 * @param path text of the descriptor's link in /proc
 * @param dataOffset contents of a deleted file in the checkpoint, page aligned; 0 is none
 * @param dataSize bytes
 * @param dataCrc CRC-32C of these contents
 * @param values four values by kind, see {@code struct ckpt_description}
 * @param valueExtra timerfd: expirations not read yet
 * @param object index into {@link Checkpoint#pipes()} for pipes, {@link Checkpoint#memoryFiles()} for memfds, {@link
 *     Checkpoint#sockets()} for sockets; else 0
 */
public record OpenFile(
        FileKind kind,
        int flags,
        int openFlags,
        int mode,
        long offset,
        long inode,
        int deviceMajor,
        int deviceMinor,
        int rdevMajor,
        int rdevMinor,
        long size,
        long mtimeNs,
        NativeText path,
        long dataOffset,
        long dataSize,
        int dataCrc,
        List<Long> values,
        long valueExtra,
        int object) {

    /** Number of {@link #values()}. */
    public static final int VALUES = 4;

    public OpenFile {
        values = List.copyOf(values);
        if (values.size() != VALUES) {
            throw new IllegalArgumentException("open file has " + values.size() + " values");
        }
        Checks.pageAligned("offset of file contents", dataOffset);
        Checks.notNegative("size of file contents", dataSize);
        Checks.check(dataSize == 0 || dataOffset != 0, "offset of file contents", dataOffset);
        Checks.check(kind == FileKind.DELETED || dataSize == 0, "size of stored contents of kind " + kind, dataSize);
        Checks.check(dataSize != 0 || dataCrc == 0, "checksum of no file contents", dataCrc);
        Checks.notNegative("index of the pipe, memory file or socket", object);
    }

    /** Returns whether it is known to have been inherited when {@code ckpt} started the program. */
    public boolean isInherited() {
        return (flags & CheckpointLayout.DESCRIPTION_INHERITED) != 0;
    }

    /** Returns whether it is a pipe with an end in another process. */
    public boolean isOutside() {
        return (flags & CheckpointLayout.DESCRIPTION_OUTSIDE) != 0;
    }

    /** Returns the access mode: 0 read, 1 write, 2 both. */
    public int accessMode() {
        return openFlags & 3;
    }
}
