/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
#define SIGNAL_ONE (SIGRTMIN + 1)
#define SIGNAL_TWO (SIGRTMIN + 2)
#define MANY 120
#define LEAST_BURN (20 * NS_PER_MS)

static struct itimerspec every(int64_t first, int64_t interval) {
    return (struct itimerspec){.it_interval = to_timespec(interval), .it_value = to_timespec(first)};
}

static void start(timer_t timer, int64_t first, int64_t interval) {
    struct itimerspec time = every(first, interval);
    MUST(timer_settime(timer, 0, &time, NULL));
}

static int64_t left(timer_t timer) {
    struct itimerspec time;
    MUST(timer_gettime(timer, &time));
    return time.it_value.tv_sec * NS_PER_S + time.it_value.tv_nsec;
}

static timer_t make(clockid_t clock, int notify, int signal_number, int value, pid_t tid) {
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal_number};
    timer_t timer;
    event.sigev_value.sival_int = value;
    if (notify == SIGEV_THREAD_ID)
        event.sigev_notify_thread_id = tid;
    MUST(timer_create(clock, &event, &timer));
    return timer;
}

static void block(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    MUST0(pthread_sigmask(SIG_BLOCK, &set, NULL));
}

/* The next of these signals that is pending, or comes within 5 s; wait false: 0 when there is none now. */
static int take(int signal_number, siginfo_t *info, bool wait) {
    struct timespec limit = {wait ? 5 : 0, 0};
    sigset_t set;
    int found;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    do
        found = sigtimedwait(&set, info, &limit);
    while (found < 0 && errno == EINTR);
    return found < 0 ? 0 : found;
}

/* ---- SIGEV_THREAD ---- */

static volatile int calls[2];
static volatile pthread_t caller;

static void on_call(union sigval value) {
    caller = pthread_self();
    __atomic_add_fetch(&calls[value.sival_int], 1, __ATOMIC_SEQ_CST);
}

static timer_t make_calling(int value) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_call};
    timer_t timer;
    event.sigev_value.sival_int = value;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    return timer;
}

static void await_calls(int which, int more) {
    int wanted = calls[which] + more;
    for (int i = 0; i < 1000 && calls[which] < wanted; i++)
        usleep(5000);
    CHECK(calls[which] >= wanted, "timer %d has called %d times of %d", which, calls[which], wanted);
}

static void thread_calls(void) {
    timer_t first = make_calling(0), second;
    start(first, 10 * NS_PER_MS, 10 * NS_PER_MS);
    await_calls(0, 2);
    ready_and_wait();
    await_calls(0, 3);
    CHECK(!pthread_equal(caller, pthread_self()), "the main thread was called");
    second = make_calling(1); /* names the helping thread to the kernel */
    start(second, 5 * NS_PER_MS, 0);
    await_calls(1, 1);
    MUST(timer_delete(first));
    MUST(timer_delete(second));
    int before, rounds = 0;
    do { /* a call that is on its way may take its time on a loaded machine */
        before = calls[0];
        usleep(50000);
    } while (calls[0] != before && ++rounds < 100);
    CHECK_EQ(calls[0], before);
}

/* ---- SIGEV_THREAD_ID ---- */

static volatile int told, finished;
static volatile pid_t receiver_tid;
static pthread_key_t role;

static void on_thread_signal(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)context;
    note_handler();
    CHECK_EQ(info->si_code, SI_TIMER);
    CHECK(pthread_getspecific(role) != NULL, "another thread got the signal");
    CHECK_EQ(info->si_value.sival_int, 77);
    __atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
}

static void *receive(void *name) {
    MUST0(pthread_setspecific(role, name));
    receiver_tid = current_tid();
    while (!finished)
        usleep(1000);
    return NULL;
}

static void thread_id(void) {
    struct sigaction action = {.sa_sigaction = on_thread_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    MUST0(pthread_key_create(&role, NULL));
    MUST(sigaction(SIGNAL_ONE, &action, NULL));
    pthread_t receiver = start_thread(receive, "receiver");
    while (!receiver_tid)
        usleep(1000);
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGNAL_ONE, 77, receiver_tid);
    start(timer, 5 * NS_PER_MS, 20 * NS_PER_MS);
    ready_and_wait();
    int wanted = told + 3;
    for (int i = 0; i < 5000 && told < wanted; i++)
        usleep(1000);
    CHECK(told >= wanted, "%d signals of %d", told, wanted);
    MUST(timer_delete(timer));
    finished = 1;
    join_thread(receiver);
}

/* The thread has ended, so nobody is told, but the time can still be asked for. */
static void thread_gone(void) {
    MUST0(pthread_key_create(&role, NULL));
    finished = 1;
    pthread_t receiver = start_thread(receive, "receiver");
    while (!receiver_tid)
        usleep(1000);
    finished = 0;
    join_thread(receiver);
    finished = receiver_tid = 0;
    receiver = start_thread(receive, "receiver");
    while (!receiver_tid)
        usleep(1000);
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGNAL_ONE, 77, receiver_tid);
    finished = 1;
    join_thread(receiver);
    start(timer, 1000 * NS_PER_S, 0);
    ready_and_wait();
    CHECK(left(timer) > 100 * NS_PER_S && left(timer) <= 1000 * NS_PER_S, "%lld ns are left", (long long)left(timer));
    MUST(timer_delete(timer));
}

/* ---- SIGEV_NONE, and what the kernel takes when it is told nothing ---- */

static void none(void) {
    timer_t slow = make(CLOCK_BOOTTIME, SIGEV_NONE, 0, 0, 0), gone = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0), alarm_timer;
    MUST(timer_create(CLOCK_REALTIME, NULL, &alarm_timer));
    block(SIGALRM);
    start(slow, 5000 * NS_PER_S, 3 * NS_PER_S);
    start(gone, 1, 0);
    start(alarm_timer, 2000 * NS_PER_S, 0);
    usleep(1000);
    ready_and_wait();
    CHECK(left(slow) > 3000 * NS_PER_S && left(slow) <= 5000 * NS_PER_S, "%lld ns are left", (long long)left(slow));
    CHECK_EQ(left(gone), 0);
    CHECK(left(alarm_timer) > 1000 * NS_PER_S, "%lld ns are left", (long long)left(alarm_timer));
    start(alarm_timer, 1000, 0);
    siginfo_t info;
    CHECK_EQ(take(SIGALRM, &info, true), SIGALRM);
    CHECK_EQ(info.si_timerid, (int)(intptr_t)alarm_timer);
}

/* ---- CPU-time clocks ---- */

static void burn(clockid_t clock, int64_t ns) {
    for (int64_t end = now_ns(clock) + ns; now_ns(clock) < end;)
        ;
}

static timer_t thread_timer;
static volatile int burner_order;

static void *burn_when_told(void *unused) {
    thread_timer = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGNAL_TWO, 2, 0);
    start(thread_timer, 3 * NS_PER_S, 0);
    raise_flag(&burner_order);
    while (burner_order != 2)
        usleep(1000);
    burn(CLOCK_THREAD_CPUTIME_ID, LEAST_BURN);
    burner_order = 3;
    while (burner_order != 4)
        usleep(1000);
    return unused;
}

static void expect_counted(timer_t timer, int64_t before, bool counted, const char *which) {
    int64_t passed = before - left(timer);
    CHECK(counted ? passed >= LEAST_BURN : passed < LEAST_BURN / 2, "%s: %lld ns have been counted", which, (long long)passed);
}

static void cpu(void) {
    block(SIGNAL_ONE);
    block(SIGNAL_TWO);
    clockid_t by_name;
    pthread_t burner = start_thread(burn_when_told, NULL);
    await_flag(&burner_order);
    MUST0(pthread_getcpuclockid(burner, &by_name));
    timer_t of_process = make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGNAL_ONE, 1, 0),
            of_main = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_NONE, 0, 0, 0), named = make(by_name, SIGEV_NONE, 0, 0, 0);
    start(of_process, 3 * NS_PER_S, 0);
    start(of_main, 3 * NS_PER_S, 0);
    start(named, 3 * NS_PER_S, 0);
    ready_and_wait();
    int64_t process = left(of_process), main_thread = left(of_main), by_id = left(named), other = left(thread_timer);
    CHECK(process > 2 * NS_PER_S && main_thread > 2 * NS_PER_S && by_id > 2 * NS_PER_S && other > 2 * NS_PER_S,
          "%lld, %lld, %lld and %lld ns are left", (long long)process, (long long)main_thread, (long long)by_id,
          (long long)other);
    burner_order = 2;
    while (burner_order != 3)
        usleep(1000);
    expect_counted(of_process, process, true, "the process");
    expect_counted(of_main, main_thread, false, "the main thread");
    expect_counted(named, by_id, true, "the other thread by name");
    expect_counted(thread_timer, other, true, "the other thread");
    other = left(thread_timer);
    burn(CLOCK_THREAD_CPUTIME_ID, LEAST_BURN);
    expect_counted(of_main, main_thread, true, "the main thread");
    expect_counted(thread_timer, other, false, "the other thread");
    start(of_main, 0, 0);
    start(of_process, LEAST_BURN, 0);
    burn(CLOCK_PROCESS_CPUTIME_ID, 3 * LEAST_BURN);
    siginfo_t info;
    CHECK_EQ(take(SIGNAL_ONE, &info, true), SIGNAL_ONE);
    CHECK_EQ(info.si_value.sival_int, 1);
    burner_order = 4;
    join_thread(burner);
}

/* Thread clocks that are not running: which thread's they are can only be told of a program's only thread. */
static void cpu_idle(void) {
    timer_t timer = make(CLOCK_THREAD_CPUTIME_ID, SIGEV_NONE, 0, 0, 0);
    ready_and_wait();
    CHECK_EQ(left(timer), 0);
    start(timer, 3 * NS_PER_S, 0);
    burn(CLOCK_THREAD_CPUTIME_ID, LEAST_BURN);
    CHECK(left(timer) <= 3 * NS_PER_S - LEAST_BURN, "%lld ns are left", (long long)left(timer));
}

/* ---- signals that wait ---- */

static void await_pending(int signal_number) {
    for (sigset_t set;;) {
        MUST(sigpending(&set));
        if (sigismember(&set, signal_number))
            return;
        usleep(1000);
    }
}

static void expect_signal(int signal_number, timer_t timer, int value, int least_overrun) {
    siginfo_t info;
    CHECK_EQ(take(signal_number, &info, false), signal_number);
    CHECK_EQ(info.si_code, SI_TIMER);
    CHECK_EQ(info.si_timerid, (int)(intptr_t)timer);
    CHECK_EQ(info.si_value.sival_int, value);
    CHECK(info.si_overrun >= least_overrun, "%d expirations were missed, at least %d expected", info.si_overrun, least_overrun);
}

static void pending(void) {
    const int64_t hour = 3600 * NS_PER_S;
    block(SIGNAL_ONE);
    block(SIGNAL_TWO);
    timer_t once = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGNAL_ONE, 1, 0), often = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGNAL_TWO, 2, 0),
            reset = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGNAL_ONE, 3, 0), hourly = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGNAL_ONE, 4, 0);
    union sigval queued = {.sival_int = 5};
    start(once, NS_PER_MS, 0);
    await_pending(SIGNAL_ONE);
    MUST(sigqueue(getpid(), SIGNAL_ONE, queued));
    start(hourly, NS_PER_MS, hour);
    usleep(5000);
    start(often, NS_PER_MS, 10 * NS_PER_MS);
    await_pending(SIGNAL_TWO);
    ready_and_wait();
    usleep(50000);
    expect_signal(SIGNAL_ONE, once, 1, 0);
    siginfo_t info;
    CHECK_EQ(take(SIGNAL_ONE, &info, false), SIGNAL_ONE);
    CHECK_EQ(info.si_code, SI_QUEUE);
    CHECK_EQ(info.si_value.sival_int, 5);
    expect_signal(SIGNAL_ONE, hourly, 4, 0);
    CHECK_EQ(take(SIGNAL_ONE, &info, false), 0);
    CHECK(left(hourly) > hour / 2 && left(hourly) <= hour, "%lld ns are left", (long long)left(hourly));
    CHECK_EQ(left(once), 0);
    expect_signal(SIGNAL_TWO, often, 2, 3);
    CHECK_EQ(take(SIGNAL_TWO, &info, true), SIGNAL_TWO); /* it goes on */
    CHECK_EQ(left(reset), 0);
}

/* Its first signal waits when it is set anew: what comes then depends on the kernel, but it must go on to run. */
static void reset_while_pending(void) {
    block(SIGNAL_ONE);
    timer_t timer = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGNAL_ONE, 1, 0);
    start(timer, NS_PER_MS, 0);
    await_pending(SIGNAL_ONE);
    start(timer, 1000 * NS_PER_S, 0);
    ready_and_wait();
    CHECK(left(timer) > 100 * NS_PER_S, "%lld ns are left", (long long)left(timer));
    siginfo_t info;
    take(SIGNAL_ONE, &info, false);
    CHECK_EQ(take(SIGNAL_ONE, &info, false), 0);
    start(timer, NS_PER_MS, 0);
    CHECK_EQ(take(SIGNAL_ONE, &info, true), SIGNAL_ONE);
}

/* ---- numbers ---- */

static void many(void) {
    timer_t timers[MANY];
    for (int i = 0; i < MANY; i++)
        timers[i] = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
    for (int i = 0; i < MANY; i++) {
        if (i % 7 != 3)
            MUST(timer_delete(timers[i]));
        else
            start(timers[i], 1000 * NS_PER_S, (i + 1) * NS_PER_S);
    }
    ready_and_wait();
    for (int i = 0; i < MANY; i++) {
        struct itimerspec time;
        long result = syscall(SYS_timer_gettime, (int)(intptr_t)timers[i], &time);
        CHECK_EQ(result, i % 7 == 3 ? 0 : -1);
        if (result == 0)
            CHECK_EQ(time.it_interval.tv_sec, i + 1);
    }
}

static const struct variant {
    const char *name;
    void (*run)(void);
} variants[] = {
    {"thread", thread_calls}, {"thread-id", thread_id}, {"thread-gone", thread_gone},    {"none", none}, {"cpu", cpu},
    {"cpu-idle", cpu_idle},   {"pending", pending},     {"reset", reset_while_pending}, {"many", many},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "POSIX timers of every kind, clock and receiver");
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (!variant_is(variants[i].name))
            continue;
        variants[i].run();
        pass();
    }
    fail("unknown variant %s", fixture_variant());
}
