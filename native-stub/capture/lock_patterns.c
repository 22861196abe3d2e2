/* SPDX-License-Identifier: Apache-2.0 */
#include "lock_patterns.h"

#include <stddef.h>

#define TYPE_MASK 0x3
#define RECURSIVE 1
#define ERRORCHECK 2
#define ROBUST 16
#define INHERIT 32
#define PROTECT 64
#define KNOWN_KIND (0x7f | 0x80 | 0x100 | 0x200) /* type, process-shared, elision forced on, elision forced off */
#define CEILING_SHIFT 19
#define MOST_USERS 65535
#define WRITE_HELD 3
#define LAST_PREFERENCE 2

_Static_assert(offsetof(struct glibc_mutex, next) == 32 && offsetof(struct glibc_rwlock, flags) == 48, "no padding");

bool has_owner_in_lock(const struct glibc_mutex *mutex)
{
    return mutex->kind & (ROBUST | INHERIT);
}

/* pthread_mutex_lock_full counts for every type, the short way only for recursive ones. */
static bool count_fits(uint32_t count, uint32_t kind)
{
    if ((kind & TYPE_MASK) == RECURSIVE)
        return count >= 1 && count <= MOST_USERS;
    return count == (kind & (ROBUST | INHERIT | PROTECT) ? 1 : 0);
}

static bool lock_fits(uint32_t lock, uint32_t kind, uint32_t tid)
{
    if (kind & (ROBUST | INHERIT))
        return (lock & LOCK_ID_MASK) == tid;
    uint32_t state = kind & PROTECT ? lock & ((1u << CEILING_SHIFT) - 1) : lock;
    return state == 1 || state == 2;
}

bool is_held_mutex(const struct glibc_mutex *mutex, uint32_t tid)
{
    uint32_t kind = mutex->kind;
    if (mutex->owner != tid || mutex->users < 1 || mutex->users > MOST_USERS || kind & ~KNOWN_KIND)
        return false;
    bool listed = kind & ROBUST;
    bool compares = has_owner_in_lock(mutex) || (kind & TYPE_MASK) == RECURSIVE || (kind & TYPE_MASK) == ERRORCHECK;
    return compares && count_fits(mutex->count, kind) && lock_fits(mutex->lock, kind, tid) && mutex->spins == 0 &&
           (listed || (mutex->previous == 0 && mutex->next == 0));
}

bool takes_id_before_waiting(const struct glibc_mutex *mutex)
{
    uint32_t kind = mutex->kind;
    return !(kind & ~KNOWN_KIND) && kind & (ROBUST | INHERIT | PROTECT) && lock_fits(mutex->lock, kind, mutex->owner);
}

/* 1: taken; 3: somebody may wait for it. */
static bool is_held_futex(uint32_t word)
{
    return word == 1 || word == 3;
}

bool is_held_rwlock(const struct glibc_rwlock *lock, uint32_t tid)
{
    return lock->writer == tid && (lock->readers & WRITE_HELD) == WRITE_HELD && (int32_t)lock->readers >= 0 &&
           lock->writers <= MOST_USERS && is_held_futex(lock->phase_futex) && is_held_futex(lock->writers_futex) &&
           lock->padding == 0 && (lock->shared & ~1u) == 0 && lock->tail == 0 && lock->tail2 == 0 &&
           lock->flags <= LAST_PREFERENCE;
}
