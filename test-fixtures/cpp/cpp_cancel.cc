// SPDX-License-Identifier: Apache-2.0
// A thread that is cancelled in a relative sleep, which began before the capture, runs its destructors.
#include "fixture.h"

#include <sys/syscall.h>
#include <unistd.h>

static volatile bool destroyed[2];
static volatile pid_t tids[2];
static volatile int there[2];

struct Witness {
    volatile bool *gone;
    ~Witness() { *gone = true; }
};

static void *sleep_without_remainder(void *)
{
    Witness witness{&destroyed[0]};
    tids[0] = gettid();
    raise_flag(&there[0]);
    for (;;)
        usleep(900000000);
}

static void *sleep_with_remainder(void *)
{
    Witness witness{&destroyed[1]};
    tids[1] = gettid();
    raise_flag(&there[1]);
    for (;;) {
        struct timespec asked = {900, 0}, left;
        nanosleep(&asked, &left);
    }
}

int main(int argc, char **argv)
{
    fixture_begin(argc, argv, "cancellation in a relative sleep unwinds through destructors");
    pthread_t threads[2];
    threads[0] = start_thread(sleep_without_remainder, nullptr);
    threads[1] = start_thread(sleep_with_remainder, nullptr);
    for (int i = 0; i < 2; i++) {
        await_flag(&there[i]);
        await_in_syscall(tids[i], SYS_clock_nanosleep);
    }
    ready_and_wait();
    for (int i = 0; i < 2; i++) {
        void *result = nullptr;
        CHECK(pthread_cancel(threads[i]) == 0, "pthread_cancel of thread %d", i);
        CHECK(pthread_join(threads[i], &result) == 0, "pthread_join of thread %d", i);
        CHECK(result == PTHREAD_CANCELED, "thread %d was not cancelled", i);
        CHECK(destroyed[i], "thread %d was cancelled without its destructor", i);
    }
    pass();
}
