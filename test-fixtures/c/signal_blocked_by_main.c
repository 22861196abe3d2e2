/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>

/* The kernel gives a signal for the process to a thread that can take it: here never to the main one. */

enum { THREADS = 4 };

static volatile int stop;
static volatile int counters[THREADS];

static void *count(void *argument) {
    volatile int *counter = &counters[(uintptr_t)argument];
    while (!stop) {
        (*counter)++;
        sched_yield();
    }
    return NULL;
}

static void *begin_and_end(void *argument) {
    return argument;
}

/* Makes threads all the time. */
static void *breed(void *argument) {
    while (!stop) {
        pthread_t thread = start_thread(begin_and_end, argument);
        void *value;
        MUST0(pthread_join(thread, &value));
        CHECK(value == argument, "a thread gave %p", value);
    }
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a program whose main thread blocks all signals, and that makes threads all the time");
    pthread_t threads[THREADS], breeder = start_thread(breed, threads);
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(count, (void *)i);
        while (counters[i] == 0)
            sched_yield();
    }
    sigset_t all, mask;
    sigfillset(&all);
    MUST0(pthread_sigmask(SIG_BLOCK, &all, NULL));

    ready_and_wait();

    MUST0(pthread_sigmask(SIG_BLOCK, NULL, &mask));
    CHECK(sigismember(&mask, SIGUSR2), "SIGUSR2 is not blocked any more");
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        MUST0(pthread_join(threads[i], NULL));
    MUST0(pthread_join(breeder, NULL));
    pass();
}
