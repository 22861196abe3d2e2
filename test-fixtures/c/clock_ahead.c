/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "inflight.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

/*
 * Waits until a moment of CLOCK_MONOTONIC. The program is started by tools/time_ahead, so that a launch finds the clock
 * standing a day earlier: every wait must end when it is due by the program's own count, and time must not go backwards.
 * CLOCK_REALTIME, which is the same everywhere, tells how long it really took.
 */
#define WAIT_NS (2 * NS_PER_S)
#define LATE_NS (20 * NS_PER_S)

static int64_t deadline, last_seen;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition;
static int timer = -1;
static uint32_t word = 1;

static void *sleep_until(void *unused) {
    struct timespec until = to_timespec(deadline);
    (void)unused;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
    return NULL;
}

static void *wait_for_condition(void *unused) {
    struct timespec until = to_timespec(deadline);
    int result = 0;
    (void)unused;
    MUST0(pthread_mutex_lock(&mutex));
    while (result == 0)
        result = pthread_cond_timedwait(&condition, &mutex, &until);
    CHECK_EQ(result, ETIMEDOUT);
    MUST0(pthread_mutex_unlock(&mutex));
    return NULL;
}

static void *wait_on_futex(void *unused) {
    struct timespec until = to_timespec(deadline);
    long result;
    (void)unused;
    do
        result = syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 1, &until, NULL, FUTEX_BITSET_MATCH_ANY);
    while (result == 0 || errno == EINTR);
    CHECK_EQ(errno, ETIMEDOUT);
    return NULL;
}

static void *wait_for_timer(void *unused) {
    struct pollfd file = {.fd = timer, .events = POLLIN};
    (void)unused;
    while (poll(&file, 1, -1) < 0)
        CHECK_EQ(errno, EINTR);
    return NULL;
}

/* Set after the launch: an absolute time that is computed from one of before. */
static void check_new_timer(void) {
    struct itimerspec value = {.it_value = to_timespec(deadline + NS_PER_S / 10)};
    uint64_t count = 0;
    int fd = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &value, NULL));
    CHECK_EQ(read(fd, &count, sizeof count), (long)sizeof count);
    CHECK_EQ(count, 1);
}

int main(int argc, char **argv) {
    static void *(*const waits[])(void *) = {sleep_until, wait_for_condition, wait_on_futex, wait_for_timer};
    enum { WAITS = sizeof waits / sizeof waits[0] };
    pthread_t threads[WAITS];
    pthread_condattr_t attributes;
    fixture_begin(argc, argv, "waits until a moment of CLOCK_MONOTONIC end on time on a machine whose clock stands earlier");
    MUST0(pthread_condattr_init(&attributes));
    MUST0(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
    MUST0(pthread_cond_init(&condition, &attributes));
    deadline = now_ns(CLOCK_MONOTONIC) + WAIT_NS;
    struct itimerspec value = {.it_value = to_timespec(deadline)};
    timer = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    MUST(timerfd_settime(timer, TFD_TIMER_ABSTIME, &value, NULL));
    for (int i = 0; i < WAITS; i++)
        threads[i] = start_thread(waits[i], NULL);
    last_seen = now_ns(CLOCK_MONOTONIC);
    int64_t boottime = now_ns(CLOCK_BOOTTIME);
    say_ready();
    wait_for_go();
    alarm(30); /* rather than to wait for a day */
    int64_t start = now_ns(CLOCK_REALTIME);
    CHECK(now_ns(CLOCK_MONOTONIC) >= last_seen, "CLOCK_MONOTONIC went from %lld back to %lld", (long long)last_seen,
          (long long)now_ns(CLOCK_MONOTONIC));
    CHECK(now_ns(CLOCK_BOOTTIME) >= boottime, "CLOCK_BOOTTIME went from %lld back to %lld", (long long)boottime,
          (long long)now_ns(CLOCK_BOOTTIME));
    struct timespec by_call;
    MUST(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &by_call));
    int64_t called = (int64_t)by_call.tv_sec * NS_PER_S + by_call.tv_nsec, read = now_ns(CLOCK_MONOTONIC);
    CHECK(read >= called && read - called < NS_PER_S, "the vdso tells %lld, the kernel %lld", (long long)read, (long long)called);
    for (int i = 0; i < WAITS; i++) {
        join_thread(threads[i]);
        CHECK(now_ns(CLOCK_MONOTONIC) >= deadline, "wait %d ended before its time", i);
    }
    check_new_timer();
    int64_t took = now_ns(CLOCK_REALTIME) - start;
    CHECK(took < LATE_NS, "the waits took %lld ns", (long long)took);
    pass();
}
