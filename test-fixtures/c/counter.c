/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>

/*
 * Counts on stdout, one number a line, from two threads in turn, until told to stop. The output of
 * all its lives, put together, must be every number once and in order.
 */
static volatile int stop;
static volatile long next;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;

static void *count(void *argument) {
    long mine = (long)(uintptr_t)argument;
    MUST0(pthread_mutex_lock(&mutex));
    while (!stop) {
        if (next % 2 == mine) {
            say("%ld\n", next);
            next++;
            MUST0(pthread_cond_broadcast(&turned));
        } else {
            MUST0(pthread_cond_wait(&turned, &mutex));
        }
        if (mine == 0) {
            struct timespec pause = to_timespec(NS_PER_MS);
            nanosleep(&pause, NULL);
        }
    }
    MUST0(pthread_cond_broadcast(&turned));
    MUST0(pthread_mutex_unlock(&mutex));
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a count on stdout, complete and in order over all captures");
    say_ready();
    pthread_t even = start_thread(count, (void *)0), odd = start_thread(count, (void *)1);
    wait_for_go();
    stop = 1;
    join_thread(even);
    join_thread(odd);
    say("last %ld\n", next - 1);
    pass();
}
