/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <sched.h>
#include <sys/syscall.h>

/*
 * Interruptions of the program's own after the launch behave as always: a read with SA_RESTART goes
 * on, one without ends with EINTR; nanosleep ends with EINTR and the time that is left.
 */
static int pipe_ends[2], quiet_ends[2];
static volatile int hits;

static void on_signal(int signal_number) {
    (void)signal_number;
    __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
}

static void restarted_read(struct inflight *self) {
    char byte;
    inflight_result(self, read(pipe_ends[0], &byte, 1));
}

static void broken_read(struct inflight *self) {
    char byte;
    inflight_result(self, read(quiet_ends[0], &byte, 1));
}

static void broken_sleep(struct inflight *self) {
    struct timespec request = {.tv_sec = 10000}, rest = {.tv_sec = -1};
    inflight_result(self, syscall(SYS_nanosleep, &request, &rest));
    int64_t slept = now_ns(CLOCK_MONOTONIC) - self->start_ns;
    int64_t left = rest.tv_sec * NS_PER_S + rest.tv_nsec;
    CHECK(left <= 10000 * NS_PER_S && left >= 10000 * NS_PER_S - slept,
          "after %lld ns of 10000 s, %lld ns are left", (long long)slept, (long long)left);
}

static void interrupt(struct inflight *thread, int signal_number) {
    int before = hits;
    MUST0(pthread_kill(thread->thread, signal_number));
    while (hits == before && !__atomic_load_n(&thread->ended, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* Repeated, because a launched thread may not be back in its call when the first signal comes. */
static void interrupt_until_ended(struct inflight *thread, int signal_number) {
    while (!__atomic_load_n(&thread->ended, __ATOMIC_SEQ_CST))
        interrupt(thread, signal_number);
    inflight_join(thread);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "signals after the launch interrupt or restart calls as they should");
    struct sigaction restart = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction plain = {.sa_handler = on_signal};
    MUST(sigaction(SIGUSR1, &restart, NULL));
    MUST(sigaction(SIGUSR2, &plain, NULL));
    MUST(pipe(pipe_ends));
    MUST(pipe(quiet_ends));
    struct inflight goes_on = {.body = restarted_read, .nr = SYS_read};
    struct inflight ends = {.body = broken_read, .nr = SYS_read};
    struct inflight sleeps = {.body = broken_sleep, .nr = SYS_nanosleep};
    inflight_start(&goes_on);
    inflight_start(&ends);
    inflight_start(&sleeps);

    ready_and_wait();

    for (int i = 0; i < 5; i++)
        interrupt(&goes_on, SIGUSR1);
    CHECK_EQ(write(pipe_ends[1], "x", 1), 1);
    inflight_join(&goes_on);
    CHECK_EQ(goes_on.result, 1);
    interrupt_until_ended(&ends, SIGUSR2);
    CHECK(ends.result == -1 && ends.error == EINTR, "gave %ld, errno %d", ends.result, ends.error);
    interrupt_until_ended(&sleeps, SIGUSR1);
    CHECK(sleeps.result == -1 && sleeps.error == EINTR, "gave %ld, errno %d", sleeps.result,
          sleeps.error);
    pass();
}
