/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/time.h>

/* All three interval timers: long ones keep what remained, short ones fire after the launch. */
static volatile int alarms, virtuals, profs;

static void on_alarm(int signal_number) {
    note_handler();
    if (signal_number == SIGALRM)
        __atomic_add_fetch(&alarms, 1, __ATOMIC_SEQ_CST);
    if (signal_number == SIGVTALRM)
        __atomic_add_fetch(&virtuals, 1, __ATOMIC_SEQ_CST);
    if (signal_number == SIGPROF)
        __atomic_add_fetch(&profs, 1, __ATOMIC_SEQ_CST);
}

static const struct itimerval long_timers[] = {
    {{77, 77}, {1000, 500}}, {{78, 78}, {2000, 500}}, {{79, 79}, {3000, 500}}};
static const int which[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

/* Remaining time lies between what it was less the awake time, and what it was. */
static void check_long(int64_t start) {
    int64_t elapsed = now_ns(CLOCK_MONOTONIC) - start;
    for (int i = 0; i < 3; i++) {
        struct itimerval now;
        MUST(getitimer(which[i], &now));
        CHECK_EQ(now.it_interval.tv_sec, long_timers[i].it_interval.tv_sec);
        /* CPU timers are kept in nanoseconds or in ticks; 10 ms covers both. */
        CHECK(now.it_interval.tv_usec >= 77 && now.it_interval.tv_usec < 10100,
              "timer %d: interval %ld us", i, (long)now.it_interval.tv_usec);
        int64_t left = now.it_value.tv_sec * NS_PER_S + now.it_value.tv_usec * 1000;
        int64_t full = long_timers[i].it_value.tv_sec * NS_PER_S + 500000;
        CHECK(left <= full + 20 * NS_PER_MS, "timer %d: %lld ns left of %lld", i, (long long)left,
              (long long)full);
        CHECK(left >= full - elapsed - 20 * NS_PER_MS && left > 0,
              "timer %d: %lld ns left of %lld after %lld", i, (long long)left, (long long)full,
              (long long)elapsed);
    }
}

static void burn_until(volatile int *count, int wanted) {
    volatile double x = 1;
    while (__atomic_load_n(count, __ATOMIC_SEQ_CST) < wanted)
        x = x * 1.0000001 + 1e-9;
}

static void fire_short_ones(void) {
    static const struct itimerval short_timer = {{0, 50000}, {0, 400000}};
    int64_t start = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < 3; i++)
        MUST(setitimer(which[i], &short_timer, NULL));
    ready_and_wait();
    burn_until(&alarms, 3);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 500 * NS_PER_MS, "SIGALRM came early");
    burn_until(&virtuals, 3);
    burn_until(&profs, 3);
}

/* The kernel starts such a timer again when its signal is taken, not before: it was blocked at the capture. */
static void fire_blocked_one(void) {
    static const struct itimerval often = {{0, 20000}, {0, 1000}};
    sigset_t set, waiting;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    MUST(setitimer(ITIMER_REAL, &often, NULL));
    do
        MUST(sigpending(&waiting));
    while (!sigismember(&waiting, SIGALRM));
    usleep(50000);
    ready_and_wait();
    CHECK_EQ(alarms, 0);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    MUST(sigprocmask(SIG_UNBLOCK, &set, NULL));
    CHECK_EQ(alarms, 1);
    burn_until(&alarms, 5);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 60 * NS_PER_MS, "SIGALRM came early");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "setitimer: remaining time and interval of REAL, VIRTUAL and PROF");
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    MUST(sigaction(SIGALRM, &action, NULL));
    MUST(sigaction(SIGVTALRM, &action, NULL));
    MUST(sigaction(SIGPROF, &action, NULL));
    if (variant_is("short")) {
        fire_short_ones();
        pass();
    }
    if (variant_is("blocked")) {
        fire_blocked_one();
        pass();
    }
    for (int i = 0; i < 3; i++)
        MUST(setitimer(which[i], &long_timers[i], NULL));
    int64_t start = now_ns(CLOCK_MONOTONIC);
    ready_and_wait();
    check_long(start);
    CHECK_EQ(alarms + virtuals + profs, 0);
    pass();
}
