/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <poll.h>
#include <sys/time.h>
#include <sys/timerfd.h>

/* Timers that expire all the time, read from descriptors or taken as signals, and timerfds that rest. */
enum { RESTING = 20, TIMERFDS = 4 };

static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM};
static const char *const names[TIMERFDS] = {"monotonic timerfd", "realtime timerfd", "boottime timerfd", "polled timerfd"};
static int timerfds[TIMERFDS], resting[RESTING];
static volatile int alarms;
static volatile uint64_t callbacks;

static struct itimerspec every(int64_t ns) {
    return (struct itimerspec){.it_value = to_timespec(ns), .it_interval = to_timespec(ns)};
}

static void count_timerfd(struct worker *self) {
    int number = (int)((int *)self->argument - timerfds), fd = timerfds[number];
    int64_t interval = (number + 2) * NS_PER_MS;
    struct itimerspec time = every(interval);
    struct beat beat;
    start_beat(&beat, interval);
    MUST(timerfd_settime(fd, 0, &time, NULL));
    for (; !stopping(); step(self)) {
        uint64_t expirations;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (number == 3)
            CHECK_EQ(poll(&ready, 1, -1), 1);
        CHECK_EQ(read(fd, &expirations, 8), 8);
        count_beat(&beat, self->name, expirations);
    }
    end_beat(&beat, self);
}

/* A timer of which this thread takes the signals: by sigwaitinfo, or by sigtimedwait with a limit. */
static void count_timer(struct worker *self, struct sigevent *event, bool with_limit) {
    const int64_t interval = 4 * NS_PER_MS;
    struct itimerspec time = every(interval);
    struct timespec limit = to_timespec(20 * NS_PER_S);
    timer_t timer;
    struct beat beat;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, event->sigev_signo);
    MUST(timer_create(CLOCK_MONOTONIC, event, &timer));
    start_beat(&beat, interval);
    MUST(timer_settime(timer, 0, &time, NULL));
    for (; !stopping(); step(self)) {
        siginfo_t info;
        int found = with_limit ? sigtimedwait(&set, &info, &limit) : sigwaitinfo(&set, &info);
        CHECK(found == event->sigev_signo, "%s: waiting gave %d, errno %d", self->name, found, errno);
        CHECK_EQ(info.si_code, SI_TIMER);
        CHECK(info.si_value.sival_int == event->sigev_value.sival_int, "%s: value %d", self->name, info.si_value.sival_int);
        count_beat(&beat, self->name, (uint64_t)info.si_overrun + 1);
    }
    end_beat(&beat, self);
    MUST(timer_delete(timer));
}

static void count_process_timer(struct worker *self) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 0x11223344};
    count_timer(self, &event, false);
}

static void count_thread_timer(struct worker *self) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 2, .sigev_value.sival_int = 0x55667788};
#ifdef sigev_notify_thread_id
    event.sigev_notify_thread_id = current_tid();
#else
    event._sigev_un._tid = current_tid();
#endif
    count_timer(self, &event, true);
}

static void on_callback(union sigval value) {
    CHECK_EQ(value.sival_int, 77);
    __atomic_add_fetch(&callbacks, 1, __ATOMIC_SEQ_CST);
}

static void await_callbacks(struct worker *self) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_callback, .sigev_value.sival_int = 77};
    struct itimerspec time = every(20 * NS_PER_MS);
    timer_t timer;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    MUST(timer_settime(timer, 0, &time, NULL));
    for (uint64_t seen = 0; !stopping();) {
        struct timespec moment = to_timespec(5 * NS_PER_MS);
        MUST(nanosleep(&moment, NULL));
        if (callbacks == seen)
            continue;
        seen = callbacks;
        step(self);
    }
    MUST(timer_delete(timer));
}

static void on_alarm(int number) {
    (void)number;
    alarms++;
}

/* The only thread that takes SIGALRM. Between two looks the signal is blocked. */
static void count_alarms(struct worker *self) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval time = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000};
    sigset_t others;
    struct beat beat;
    sigfillset(&others);
    sigdelset(&others, SIGALRM);
    MUST(sigaction(SIGALRM, &action, NULL));
    start_beat(&beat, 10 * NS_PER_MS);
    MUST(setitimer(ITIMER_REAL, &time, NULL));
    for (int seen = 0; !stopping(); step(self)) {
        CHECK_EQ(sigsuspend(&others), -1);
        CHECK_EQ(errno, EINTR);
        CHECK(alarms > seen, "sigsuspend ended, and no handler had run");
        count_beat(&beat, self->name, (uint64_t)(alarms - seen));
        seen = alarms;
    }
    time = (struct itimerval){.it_value.tv_sec = 0};
    MUST(setitimer(ITIMER_REAL, &time, NULL));
}

static void set_up(void) {
    for (int i = 0; i < TIMERFDS; i++) {
        timerfds[i] = hold(timerfd_create(clocks[i], i == 3 ? TFD_NONBLOCK : 0));
        start_worker(names[i], count_timerfd, &timerfds[i]);
    }
    start_worker("timer of the process", count_process_timer, NULL);
    start_worker("timer of a thread", count_thread_timer, NULL);
    start_worker("timer with callbacks", await_callbacks, NULL);
    start_worker("interval timer", count_alarms, NULL);
    for (int i = 0; i < RESTING; i++) {
        int fd = timerfd_create(clocks[i % 6], TFD_NONBLOCK);
        if (fd < 0 && errno == EPERM) /* the clocks that wake the machine */
            fd = timerfd_create(clocks[i % 3], TFD_NONBLOCK);
        resting[i] = hold(fd);
        bool wall = i % 6 == 1;
        struct itimerspec far = every((1000 + i) * NS_PER_S);
        if (wall)
            far.it_value.tv_sec += now_ns(CLOCK_REALTIME) / NS_PER_S;
        if (i % 4)
            MUST(timerfd_settime(resting[i], wall ? TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET : 0, &far, NULL));
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        struct itimerspec left;
        uint64_t expirations;
        MUST(timerfd_gettime(resting[i], &left));
        CHECK_EQ(left.it_interval.tv_sec, i % 4 ? 1000 + i : 0);
        CHECK(i % 4 ? left.it_value.tv_sec < 1000 + i && left.it_value.tv_sec > 100 : left.it_value.tv_sec == 0, "timerfd %d has %ld s left", i,
              (long)left.it_value.tv_sec);
        CHECK_EQ(read(resting[i], &expirations, 8), -1);
        CHECK_EQ(errno, EAGAIN);
    }
}

const struct stress_kind stress_timers = {.name = "timers", .set_up = set_up, .verify = verify};
