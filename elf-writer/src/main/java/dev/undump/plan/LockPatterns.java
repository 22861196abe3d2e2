// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.nio.ByteBuffer;
import java.util.function.IntPredicate;

/**
 * Recognises glibc's mutexes and read-write locks that a known thread holds, by their bytes.
 *
 * <p>Layouts: sysdeps/x86/nptl/bits/struct_mutex.h and struct_rwlock.h; states: nptl/pthread_mutex_lock.c,
 * pthread_rwlock_common.c of glibc 2.36 (unchanged since 2.25).
 *
 * <p>Ordinary data must not be taken for a lock, so every field has to agree. Normal and adaptive mutexes are not looked
 * for: glibc never compares their owner, and a held one looks like a short run of small numbers.
 */
final class LockPatterns {

    /** Bytes of the longest lock, from its start. */
    static final int LOCK_BYTES = 56;

    /** Bytes of a mutex. */
    static final int MUTEX_BYTES = 40;

    private static final int MUTEX_COUNT = 4;
    private static final int MUTEX_OWNER = 8;
    private static final int MUTEX_USERS = 12;
    private static final int MUTEX_KIND = 16;
    private static final int MUTEX_SPINS = 20;
    private static final int MUTEX_PREVIOUS = 24;
    private static final int MUTEX_NEXT = 32;

    private static final int TYPE_MASK = 0x3;
    private static final int RECURSIVE = 1;
    private static final int ERRORCHECK = 2;
    private static final int ROBUST = 16;
    private static final int INHERIT = 32;
    private static final int PROTECT = 64;
    /** Type, process-shared, elision forced on, elision forced off. */
    private static final int KNOWN_KIND = 0x7f | 0x80 | 0x100 | 0x200;

    private static final int TID_MASK = 0x3fffffff;
    private static final int CEILING_SHIFT = 19;
    private static final int MOST_USERS = 65535;

    private static final int RWLOCK_WRITERS = 4;
    private static final int RWLOCK_WRPHASE_FUTEX = 8;
    private static final int RWLOCK_WRITERS_FUTEX = 12;
    private static final int RWLOCK_PADDING = 16;
    private static final int RWLOCK_WRITER = 24;
    private static final int RWLOCK_SHARED = 28;
    private static final int RWLOCK_TAIL = 32;
    private static final int RWLOCK_TAIL2 = 40;
    private static final int RWLOCK_FLAGS = 48;
    private static final int WRITE_HELD = 3;
    private static final int LAST_PREFERENCE = 2;

    private LockPatterns() {}

    /** Where the owner of a mutex stands. */
    static int mutexOwner() {
        return MUTEX_OWNER;
    }

    /** The owner of a mutex, and the threads that wait for conditions with it. */
    static int mutexUsers(ByteBuffer memory, int at) {
        return memory.getInt(at + MUTEX_USERS);
    }

    /** Where the writer of a read-write lock stands. */
    static int rwlockWriter() {
        return RWLOCK_WRITER;
    }

    /**
     * Returns whether a mutex that is held by {@code tid} starts at a position, of a type that compares owners.
     *
     * @param memory little-endian
     */
    static boolean isHeldMutex(ByteBuffer memory, int at, int tid) {
        if (at < 0 || at + MUTEX_BYTES > memory.limit() || memory.getInt(at + MUTEX_OWNER) != tid) {
            return false;
        }
        int users = memory.getInt(at + MUTEX_USERS);
        int kind = memory.getInt(at + MUTEX_KIND);
        int type = kind & TYPE_MASK;
        if (users < 1 || users > MOST_USERS || (kind & ~KNOWN_KIND) != 0) {
            return false;
        }
        boolean listed = (kind & ROBUST) != 0;
        boolean ownerInLock = (kind & (ROBUST | INHERIT)) != 0;
        boolean comparesOwner = ownerInLock || type == RECURSIVE || type == ERRORCHECK;
        return comparesOwner
                && countFits(memory.getInt(at + MUTEX_COUNT), kind)
                && lockFits(memory.getInt(at), kind, tid)
                && memory.getInt(at + MUTEX_SPINS) == 0
                && (listed || memory.getLong(at + MUTEX_PREVIOUS) == 0)
                && (listed || memory.getLong(at + MUTEX_NEXT) == 0);
    }

    /** Whether the lock word of a mutex holds the owner's id as well. */
    static boolean hasOwnerInLock(ByteBuffer memory, int at) {
        return (memory.getInt(at + MUTEX_KIND) & (ROBUST | INHERIT)) != 0;
    }

    /** pthread_mutex_lock_full counts for every type, the short way only for recursive ones. */
    private static boolean countFits(int count, int kind) {
        if ((kind & TYPE_MASK) == RECURSIVE) {
            return count >= 1 && count <= MOST_USERS;
        }
        return count == ((kind & (ROBUST | INHERIT | PROTECT)) != 0 ? 1 : 0);
    }

    /**
     * Returns whether a mutex lies here whose lock function reads the caller's id before it waits, held by a known thread.
     *
     * @param memory little-endian, from the start of the mutex
     * @param isTid knows the threads
     */
    static boolean takesIdBeforeWaiting(ByteBuffer memory, IntPredicate isTid) {
        int kind = memory.getInt(MUTEX_KIND);
        int owner = memory.getInt(MUTEX_OWNER);
        return (kind & ~KNOWN_KIND) == 0
                && (kind & (ROBUST | INHERIT | PROTECT)) != 0
                && isTid.test(owner)
                && lockFits(memory.getInt(0), kind, owner);
    }

    private static boolean lockFits(int lock, int kind, int tid) {
        if ((kind & (ROBUST | INHERIT)) != 0) {
            return (lock & TID_MASK) == tid;
        }
        int state = (kind & PROTECT) != 0 ? lock & ((1 << CEILING_SHIFT) - 1) : lock;
        return state == 1 || state == 2;
    }

    /**
     * Returns whether a read-write lock that {@code tid} holds for writing starts at a position.
     *
     * @param memory little-endian
     */
    static boolean isHeldRwlock(ByteBuffer memory, int at, int tid) {
        if (at < 0 || at + LOCK_BYTES > memory.limit() || memory.getInt(at + RWLOCK_WRITER) != tid) {
            return false;
        }
        int writers = memory.getInt(at + RWLOCK_WRITERS);
        int flags = memory.getInt(at + RWLOCK_FLAGS);
        return (memory.getInt(at) & WRITE_HELD) == WRITE_HELD
                && memory.getInt(at) >= 0
                && writers >= 0
                && writers <= MOST_USERS
                && isHeldFutex(memory.getInt(at + RWLOCK_WRPHASE_FUTEX))
                && isHeldFutex(memory.getInt(at + RWLOCK_WRITERS_FUTEX))
                && memory.getLong(at + RWLOCK_PADDING) == 0
                && (memory.getInt(at + RWLOCK_SHARED) & ~1) == 0
                && memory.getLong(at + RWLOCK_TAIL) == 0
                && memory.getLong(at + RWLOCK_TAIL2) == 0
                && flags >= 0
                && flags <= LAST_PREFERENCE;
    }

    /** 1: taken; 2: somebody may wait for it. */
    private static boolean isHeldFutex(int word) {
        return word == 1 || word == 3;
    }
}
