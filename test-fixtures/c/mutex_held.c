/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/*
 * A mutex held over the capture by main (variant `main`) or by another thread (`thread`): what the
 * owner may do afterwards depends on libc finding its new thread id in the lock.
 */
struct kind {
    const char *name;
    int type, protocol, robust, shared;
};

static const struct kind kinds[] = {
    {"normal", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 0},
    {"recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 0},
    {"errorcheck", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 0},
    {"robust", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, 0},
    {"robust-recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, 1},
    {"pi", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, 0},
    {"pi-recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, 0},
    {"robust-pi", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST, 1},
};

static const struct kind *kind;
static pthread_mutex_t mutex, heap_neighbour;
static volatile int locked, go, owner_done, waiter_done;
static volatile pid_t waiter_tid;
static int depth;

static void choose_kind(void) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (variant_is(kinds[i].name))
            kind = &kinds[i];
    CHECK(kind != NULL, "unknown kind of mutex %s", fixture_variant());
    pthread_mutexattr_t attributes;
    MUST0(pthread_mutexattr_init(&attributes));
    MUST0(pthread_mutexattr_settype(&attributes, kind->type));
    MUST0(pthread_mutexattr_setrobust(&attributes, kind->robust));
    int unsupported = pthread_mutexattr_setprotocol(&attributes, kind->protocol);
    if (unsupported)
        skip("this libc has no priority inheritance");
    MUST0(pthread_mutexattr_setpshared(&attributes, kind->shared));
    MUST0(pthread_mutex_init(&mutex, &attributes));
    MUST0(pthread_mutex_init(&heap_neighbour, &attributes));
}

static void lock_all(void) {
    depth = kind->type == PTHREAD_MUTEX_RECURSIVE ? 3 : 1;
    for (int i = 0; i < depth; i++)
        MUST0(pthread_mutex_lock(&mutex));
    MUST0(pthread_mutex_lock(&heap_neighbour));
}

static void use_as_owner(void) {
    if (kind->type == PTHREAD_MUTEX_RECURSIVE) {
        MUST0(pthread_mutex_lock(&mutex));
        MUST0(pthread_mutex_trylock(&mutex));
        depth += 2;
    }
    if (kind->type == PTHREAD_MUTEX_ERRORCHECK) {
        CHECK_EQ(pthread_mutex_lock(&mutex), EDEADLK);
        int busy = pthread_mutex_trylock(&mutex); /* glibc: EDEADLK for robust and PI ones */
        CHECK(busy == EBUSY || busy == EDEADLK, "trylock by the owner gives %d", busy);
    }
    CHECK_EQ(waiter_done, 0);
    for (int i = 0; i < depth; i++)
        MUST0(pthread_mutex_unlock(&mutex));
    MUST0(pthread_mutex_unlock(&heap_neighbour));
    if (kind->type != PTHREAD_MUTEX_NORMAL)
        CHECK_EQ(pthread_mutex_unlock(&heap_neighbour), EPERM);
}

static void use_as_stranger(void) {
    CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
    if (kind->type != PTHREAD_MUTEX_NORMAL)
        CHECK_EQ(pthread_mutex_unlock(&mutex), EPERM);
}

static void *owner(void *unused) {
    lock_all();
    raise_flag(&locked);
    await_flag(&go);
    use_as_owner();
    raise_flag(&owner_done);
    return unused;
}

static void *waiter(void *unused) {
    waiter_tid = current_tid();
    MUST0(pthread_mutex_lock(&mutex));
    waiter_done = 1;
    MUST0(pthread_mutex_unlock(&mutex));
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a mutex held over the capture, with a waiter, knows its owner");
    bool by_main = argc > 2 && strcmp(argv[2], "main") == 0;
    choose_kind();
    pthread_t owning = 0;
    if (by_main) {
        lock_all();
    } else {
        owning = start_thread(owner, NULL);
        await_flag(&locked);
    }
    pthread_t waiting = start_thread(waiter, NULL);
    while (!waiter_tid)
        ;
    await_in_syscall(waiter_tid, 202 /* futex */);

    ready_and_wait();

    if (by_main) {
        use_as_owner();
    } else {
        use_as_stranger();
        raise_flag(&go);
        await_flag(&owner_done);
        join_thread(owning);
    }
    join_thread(waiting);
    for (int i = 0; i < 2; i++) {
        MUST0(pthread_mutex_lock(&mutex));
        MUST0(pthread_mutex_unlock(&mutex));
    }
    MUST0(pthread_mutex_destroy(&mutex));
    pass();
}
