/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <signal.h>
#include <time.h>

/* timer_create timers: remaining time, interval, overrun source, signal with payload, thread. */
static volatile int hits;

static void on_timer(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)context;
    note_handler();
    CHECK_EQ(info->si_code, SI_TIMER);
    CHECK_EQ(info->si_value.sival_int, 31);
    __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "POSIX timers keep id, remaining time, interval and payload");
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
    MUST(sigaction(SIGRTMIN, &action, NULL));
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    event.sigev_value.sival_int = 31;
    timer_t removed, slow, fast, idle;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &removed));
    MUST(timer_create(CLOCK_MONOTONIC, &event, &slow));
    MUST(timer_create(CLOCK_REALTIME, &event, &fast));
    MUST(timer_create(CLOCK_MONOTONIC, &event, &idle));
    MUST(timer_delete(removed));
    struct itimerspec slow_time = {{77, 5}, {1000, 0}}, fast_time = {{0, 50000000}, {1, 0}}, now;
    MUST(timer_settime(slow, 0, &slow_time, NULL));
    MUST(timer_settime(fast, 0, &fast_time, NULL));

    ready_and_wait();

    MUST(timer_gettime(slow, &now));
    CHECK_EQ(now.it_interval.tv_sec, 77);
    CHECK_EQ(now.it_interval.tv_nsec, 5);
    CHECK(now.it_value.tv_sec <= 1000 && now.it_value.tv_sec > 100, "%ld s are left",
          (long)now.it_value.tv_sec);
    MUST(timer_gettime(idle, &now));
    CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec == 0, "an idle timer runs");
    while (hits < 3)
        pause();
    MUST(timer_delete(slow));
    MUST(timer_delete(fast));
    MUST(timer_delete(idle));
    CHECK(timer_delete(slow) != 0, "a deleted timer can be deleted again");
    pass();
}
