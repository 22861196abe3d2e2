/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/syscall.h>

#include "fixture.h"

enum { THREADS = 200 };

static volatile int go, arrived;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t sum;

static void *body(void *argument) {
    uint64_t mine[64];
    long policy = MUST(syscall(SYS_sched_getscheduler, 0));
    fill_pattern(mine, sizeof mine, (uintptr_t)argument);
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    await_flag(&go);
    check_pattern(mine, sizeof mine, (uintptr_t)argument, "a thread's own memory");
    CHECK_EQ(syscall(SYS_sched_getscheduler, 0), policy);
    MUST0(pthread_mutex_lock(&mutex));
    sum += (uintptr_t)argument;
    MUST0(pthread_mutex_unlock(&mutex));
    return argument;
}

static void run_all(pthread_t *threads) {
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *value;
        MUST0(pthread_join(threads[i], &value));
        CHECK_EQ((uintptr_t)value, i);
    }
    CHECK_EQ(sum, THREADS * (THREADS - 1) / 2);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "200 threads go on with their scheduling policy, and 200 more can be created afterwards");
    static pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start_thread(body, (void *)i);
    while (arrived < THREADS)
        ;

    ready_and_wait();

    raise_flag(&go);
    run_all(threads);
    sum = 0;
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start_thread(body, (void *)i);
    run_all(threads);
    pass();
}
