/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

enum { THREADS = 4 };

static volatile int go;
static volatile int parked[THREADS];

static bool blocked_in(uintptr_t index, int signal_number) {
    return (pattern_word(9, index) >> signal_number) & 1;
}

/* SIGKILL, SIGSTOP and the two signals that libc keeps to itself cannot be blocked. */
static bool can_block(int signal_number) {
    return signal_number != SIGKILL && signal_number != SIGSTOP &&
           (signal_number < 32 || signal_number >= SIGRTMIN);
}

static void *body(void *argument) {
    uintptr_t index = (uintptr_t)argument;
    sigset_t mask, found;
    sigemptyset(&mask);
    for (int i = 1; i <= 64; i++)
        if (can_block(i) && blocked_in(index, i % 64))
            sigaddset(&mask, i);
    MUST0(pthread_sigmask(SIG_SETMASK, &mask, NULL));
    raise_flag(&parked[index]);
    await_flag(&go);
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &found));
    for (int i = 1; i <= 64; i++)
        if (can_block(i))
            CHECK(sigismember(&found, i) == blocked_in(index, i % 64), "thread %d, signal %d",
                  (int)index, i);
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "every thread has its own signal mask again");
    pthread_t threads[THREADS];
    sigset_t first_mask, main_mask; /* whoever started us may have left some signals blocked */
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &first_mask));
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, (void *)i);
        await_flag(&parked[i]);
    }
    ready_and_wait();
    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &main_mask));
    for (int i = 1; i <= 64; i++)
        CHECK(sigismember(&main_mask, i) == sigismember(&first_mask, i), "main's mask, signal %d", i);
    pass();
}
