// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A System V semaphore that the program had changed with SEM_UNDO.
 *
 * @param set {@code semid}
 * @param key of the set
 * @param count semaphores in the set
 * @param number which of them
 * @param adjustment what the kernel adds to it at the program's end, -32768 to 32767, not 0
 * @param changedSeconds {@code sem_ctime}, of CLOCK_REALTIME
 * @param boot {@code boot_id} of the machine's run that the set belongs to; empty when it is not known
 * @param ipcNamespace inode, unsigned; 0 when it is not known
 */
public record Semaphore(
        int set,
        int key,
        int count,
        int creatorUid,
        int number,
        int adjustment,
        long changedSeconds,
        NativeText boot,
        int ipcNamespace) {

    public Semaphore {
        Checks.notNegative("id of a semaphore set", set);
        Checks.check(number >= 0 && number < count && count <= 0xffff, "number of a semaphore", number);
        Checks.check(adjustment != 0 && adjustment == (short) adjustment, "adjustment of a semaphore", adjustment);
    }
}
