/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* The capture meets a handler in the middle, on the stack that it interrupted a computation on. */
static volatile int inside, left;
static volatile double interrupted_sum;

static void on_signal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    CHECK_EQ(signal_number, SIGUSR1);
    CHECK_EQ(info->si_value.sival_int, 55);
    inside = 1;
    ready_and_wait();
    sigset_t mask;
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    CHECK(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGHUP), "the handler's mask is lost");
    left = 1;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a signal handler that was interrupted returns to its computation");
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaddset(&action.sa_mask, SIGHUP);
    MUST(sigaction(SIGUSR1, &action, NULL));
    double values[8];
    for (int i = 0; i < 8; i++)
        values[i] = 1.0 / (i + 1);
    MUST(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 55}));
    CHECK(inside && left, "the handler did not run to its end");
    for (int i = 0; i < 8; i++)
        CHECK(values[i] == 1.0 / (i + 1), "a local variable changed");
    sigset_t mask;
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    CHECK(!sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGHUP), "the mask was not restored");
    pass();
}
