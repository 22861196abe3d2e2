/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "inflight.h"

#include <semaphore.h>

enum { THREADS = 4 };

static pthread_barrier_t barrier;
static sem_t plain, timed;
static volatile int serial;
static pthread_spinlock_t spinlock;
static volatile int spinning, spun;

static void at_barrier(struct inflight *self) {
    int value = pthread_barrier_wait(&barrier);
    if (value == PTHREAD_BARRIER_SERIAL_THREAD)
        __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
    else
        CHECK_EQ(value, 0);
    inflight_result(self, 0);
}

static void at_semaphore(struct inflight *self) {
    inflight_result(self, sem_wait(&plain));
}

static void at_timed_semaphore(struct inflight *self) {
    struct timespec until = to_timespec(now_ns(CLOCK_REALTIME) + 700 * NS_PER_MS);
    inflight_result(self, sem_timedwait(&timed, &until));
}

static void *at_spinlock(void *unused) {
    spinning = 1;
    MUST0(pthread_spin_lock(&spinlock));
    spun = 1;
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "barriers, semaphores and a spinlock with threads at them");
    MUST0(pthread_barrier_init(&barrier, NULL, THREADS + 1));
    MUST0(pthread_spin_init(&spinlock, PTHREAD_PROCESS_PRIVATE));
    MUST(sem_init(&plain, 0, 0));
    MUST(sem_init(&timed, 0, 0));
    struct inflight threads[THREADS], waits = {.body = at_semaphore, .nr = 202};
    struct inflight ends = {.body = at_timed_semaphore, .nr = 202};
    for (int i = 0; i < THREADS; i++) {
        threads[i] = (struct inflight){.body = at_barrier, .nr = 202};
        inflight_start(&threads[i]);
    }
    inflight_start(&waits);
    inflight_start(&ends);
    MUST0(pthread_spin_lock(&spinlock));
    pthread_t spinner = start_thread(at_spinlock, NULL);
    while (!spinning)
        ;

    ready_and_wait();

    CHECK_EQ(spun, 0);
    MUST0(pthread_spin_unlock(&spinlock));
    join_thread(spinner);
    int value = pthread_barrier_wait(&barrier);
    serial += value == PTHREAD_BARRIER_SERIAL_THREAD;
    for (int i = 0; i < THREADS; i++)
        inflight_join(&threads[i]);
    CHECK_EQ(serial, 1);
    MUST(sem_post(&plain));
    inflight_join(&waits);
    CHECK_EQ(waits.result, 0);
    inflight_join(&ends);
    CHECK_EQ(ends.result, -1);
    CHECK_EQ(ends.error, ETIMEDOUT);
    pass();
}
