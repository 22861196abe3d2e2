/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of locks, those of the planner's LockPatternsTest and those of this test's own C library. */
#define _GNU_SOURCE
#include "capture/lock_patterns.c"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/test/c/support/expect.h"

#define TID 0x338cu

static void parse(const char *hex, void *ret, size_t size)
{
    memset(ret, 0, size);
    for (size_t i = 0; i < size && hex[2 * i]; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        ((uint8_t *)ret)[i] = (uint8_t)byte;
    }
}

static void held_mutexes_are_found(void)
{
    static const struct {
        const char *what, *bytes;
        bool owner_in_lock;
    } held[] = {
        {"recursive", "01000000020000008c33000001000000010000000000000000000000000000000000000000000000", false},
        {"errorcheck", "01000000000000008c33000001000000020000000000000000000000000000000000000000000000", false},
        {"robust", "8c330000010000008c330000010000009002000000000000209a29b2657f0000209a29b2657f0000", true},
        {"robust, recursive", "8c330000020000008c330000010000009100000000000000209a29b2657f000080b1a18d83550000", true},
        {"inherits", "8c330000010000008c33000001000000200200000000000000000000000000000000000000000000", true},
        {"inherits, checks", "8c330000010000008c33000001000000220000000000000000000000000000000000000000000000", true},
        {"inherits, waiter", "8c330080010000008c33000001000000200200000000000000000000000000000000000000000000", true},
        {"robust, inherits", "8c330000020000008c33000001000000b100000000000000209a29b2657f0000a8b1a18d83550000", true},
        {"recursive, waiter", "02000000020000008c33000001000000010000000000000000000000000000000000000000000000", false},
    };
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        struct glibc_mutex mutex;
        parse(held[i].bytes, &mutex, sizeof(mutex));
        expect(is_held_mutex(&mutex, TID) && !is_held_mutex(&mutex, TID + 1), held[i].what);
        expect(has_owner_in_lock(&mutex) == held[i].owner_in_lock, held[i].what);
        expect(takes_id_before_waiting(&mutex) == held[i].owner_in_lock, held[i].what);
    }
}

static void other_bytes_are_no_mutexes(void)
{
    static const char *const others[][2] = {
        {"normal", "01000000000000008c33000001000000000200000000000000000000000000000000000000000000"},
        {"adaptive", "01000000000000008c33000001000000030000000000000000000000000000000000000000000000"},
        {"not locked", "00000000020000008c33000001000000010000000000000000000000000000000000000000000000"},
        {"count 0", "01000000000000008c33000001000000010000000000000000000000000000000000000000000000"},
        {"no user", "01000000020000008c33000000000000010000000000000000000000000000000000000000000000"},
        {"other type bits", "01000000020000008c33000001000000010400000000000000000000000000000000000000000000"},
        {"a list", "01000000020000008c33000001000000010000000000000001000000000000000000000000000000"},
        {"spins", "01000000020000008c33000001000000010000000100000000000000000000000000000000000000"},
        {"another's", "8d330000010000008c330000010000009002000000000000209a29b2657f0000209a29b2657f0000"},
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct glibc_mutex mutex;
        parse(others[i][1], &mutex, sizeof(mutex));
        expect(!is_held_mutex(&mutex, TID), others[i][0]);
    }
}

static void rwlocks_are_found_by_all_their_fields(void)
{
    static const char held[] = "0300000000000000010000000100000000000000000000008c330000000000000000000000000000"
                               "00000000000000000000000000000000";
    static const size_t fields[] = {0, 8, 12, 16, 20, 28, 32, 36, 40, 48};
    struct glibc_rwlock lock;
    parse(held, &lock, sizeof(lock));
    expect(is_held_rwlock(&lock, TID), "a read-write lock");
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct glibc_rwlock wrong = lock;
        uint32_t word;
        memcpy(&word, (char *)&wrong + fields[i], sizeof(word));
        word ^= 0x40000005;
        memcpy((char *)&wrong + fields[i], &word, sizeof(word));
        expect(!is_held_rwlock(&wrong, TID), "a read-write lock with one wrong field");
    }
}

/* A C library whose locks look different would not be understood. */
static void own_locks_are_found(void)
{
    static const struct {
        int type, robust, protocol;
        bool found;
    } kinds[] = {
        {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, false},
        {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, true},
        {PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, true},
        {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, true},
        {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, true},
        {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT, true},
    };
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        pthread_mutexattr_t attributes;
        pthread_mutex_t mutex;
        struct glibc_mutex bytes;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_settype(&attributes, kinds[i].type);
        pthread_mutexattr_setrobust(&attributes, kinds[i].robust);
        pthread_mutexattr_setprotocol(&attributes, kinds[i].protocol);
        pthread_mutex_init(&mutex, &attributes);
        memcpy(&bytes, &mutex, sizeof(bytes));
        expect(!is_held_mutex(&bytes, tid), "a mutex that nobody holds");
        pthread_mutex_lock(&mutex);
        memcpy(&bytes, &mutex, sizeof(bytes));
        expect(is_held_mutex(&bytes, tid) == kinds[i].found, "a mutex that this thread holds");
        pthread_mutex_unlock(&mutex);
    }
    pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
    struct glibc_rwlock bytes;
    pthread_rwlock_rdlock(&rwlock);
    memcpy(&bytes, &rwlock, sizeof(bytes));
    expect(!is_held_rwlock(&bytes, tid), "a read-write lock held for reading");
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_wrlock(&rwlock);
    memcpy(&bytes, &rwlock, sizeof(bytes));
    expect(is_held_rwlock(&bytes, tid), "a read-write lock held for writing");
}

int main(void)
{
    held_mutexes_are_found();
    other_bytes_are_no_mutexes();
    rwlocks_are_found_by_all_their_fields();
    own_locks_are_found();
    return failures ? 1 : 0;
}
