// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/**
 * A segment of System V shared memory that the program had attached; what it held is a memory file.
 *
 * @param memoryFile index into {@link Checkpoint#memoryFiles()}
 * @param id {@code shmid}
 * @param key as it was made with
 * @param mode permissions
 * @param sizeBytes as it was asked for, not rounded to pages
 * @param changedS {@code shm_ctime}: when it was made or changed by IPC_SET
 * @param flags {@code CKPT_SEGMENT_*}
 */
public record Segment(
        int memoryFile,
        int id,
        int key,
        int mode,
        int uid,
        int gid,
        int creatorUid,
        int creatorGid,
        long sizeBytes,
        long changedS,
        int flags) {

    private static final int PERMISSIONS = 0777;

    public Segment {
        Checks.notNegative("memory file of a segment", memoryFile);
        Checks.notNegative("id of a segment", id);
        Checks.check((mode & ~PERMISSIONS) == 0, "permissions of a segment", mode);
        Checks.check(sizeBytes > 0 && sizeBytes <= Long.MAX_VALUE - Checks.PAGE_SIZE, "size of a segment", sizeBytes);
        Checks.check((flags & ~CheckpointLayout.SEGMENT_DESTROYED) == 0, "flags of a segment", flags);
    }

    /** Returns whether it lives by its attachments only. */
    public boolean isDestroyed() {
        return (flags & CheckpointLayout.SEGMENT_DESTROYED) != 0;
    }
}
