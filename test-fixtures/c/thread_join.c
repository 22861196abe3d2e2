/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

enum { THREADS = 8 };

static volatile int go;

static void *body(void *argument) {
    await_flag(&go);
    return (void *)((uintptr_t)argument * 3 + 1);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pthread_join wakes up and gives the value of every thread");
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start_thread(body, (void *)i);

    ready_and_wait();

    raise_flag(&go);
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *value;
        MUST0(pthread_join(threads[i], &value));
        CHECK_EQ((uintptr_t)value, i * 3 + 1);
    }
    pass();
}
