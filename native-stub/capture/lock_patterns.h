/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises glibc's mutexes and read-write locks that a known thread holds, by their bytes: the same rules as the planner's
 * LockPatterns.java, which tells where they come from. They see only bytes, so they are tested without a process.
 */
#ifndef UNDUMP_CAPTURE_LOCK_PATTERNS_H
#define UNDUMP_CAPTURE_LOCK_PATTERNS_H

#include <stdbool.h>
#include <stdint.h>

struct glibc_mutex { /* sysdeps/x86/nptl/bits/struct_mutex.h struct __pthread_mutex_s */
    uint32_t lock, count, owner, users, kind;
    uint32_t spins; /* and elision */
    uint64_t previous, next;
};
_Static_assert(sizeof(struct glibc_mutex) == 40, "pthread_mutex_t");

struct glibc_rwlock { /* sysdeps/x86/nptl/bits/struct_rwlock.h struct __pthread_rwlock_arch_t */
    uint32_t readers, writers, phase_futex, writers_futex;
    uint64_t padding;
    uint32_t writer, shared;
    uint64_t tail, tail2;
    uint32_t flags, end;
};
_Static_assert(sizeof(struct glibc_rwlock) == 56, "pthread_rwlock_t");

#define LOCK_ID_MASK 0x3fffffffu  /* FUTEX_TID_MASK, linux/futex.h */
#define LOCK_FLAGS 0xc0000000u    /* FUTEX_WAITERS and FUTEX_OWNER_DIED: bits of such a word that are not the id */

/* Whether this is a mutex that tid holds, of a type that compares owners. */
bool is_held_mutex(const struct glibc_mutex *mutex, uint32_t tid);

/* Whether the lock word of a mutex holds the owner's id as well. */
bool has_owner_in_lock(const struct glibc_mutex *mutex);

/* Whether the lock function of this mutex, which its owner holds, reads the caller's id before it waits. */
bool takes_id_before_waiting(const struct glibc_mutex *mutex);

/* Whether this is a read-write lock that tid holds for writing. */
bool is_held_rwlock(const struct glibc_rwlock *lock, uint32_t tid);

#endif
