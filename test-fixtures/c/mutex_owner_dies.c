/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* A thread leaves with a robust mutex locked; the kernel walks its robust list and finds its id. */
static pthread_mutex_t mutex;
static volatile int locked, go;
static volatile pid_t waiter_tid;

static void *owner(void *unused) {
    MUST0(pthread_mutex_lock(&mutex));
    raise_flag(&locked);
    await_flag(&go);
    return unused;
}

static void *waiter(void *unused) {
    waiter_tid = current_tid();
    CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
    MUST0(pthread_mutex_consistent(&mutex));
    MUST0(pthread_mutex_unlock(&mutex));
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "EOWNERDEAD reaches a waiter when a robust owner exits afterwards");
    pthread_mutexattr_t attributes;
    MUST0(pthread_mutexattr_init(&attributes));
    MUST0(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    if (variant_is("pi") && pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT))
        skip("this libc has no priority inheritance");
    MUST0(pthread_mutex_init(&mutex, &attributes));
    pthread_t owning = start_thread(owner, NULL);
    await_flag(&locked);
    pthread_t waiting = 0;
    if (!variant_is("late")) {
        waiting = start_thread(waiter, NULL);
        while (!waiter_tid)
            ;
        await_in_syscall(waiter_tid, 202 /* futex */);
    }

    ready_and_wait();

    raise_flag(&go);
    join_thread(owning);
    if (waiting)
        join_thread(waiting);
    else
        waiter(NULL);
    MUST0(pthread_mutex_lock(&mutex));
    MUST0(pthread_mutex_unlock(&mutex));
    pass();
}
