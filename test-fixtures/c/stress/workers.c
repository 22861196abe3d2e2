/* SPDX-License-Identifier: Apache-2.0 */
#include "workers.h"

#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/syscall.h>

enum { WORKERS_MOST = 96, LIMIT_S = 60 };

static struct worker workers[WORKERS_MOST];
static int count;
static volatile int stop;

bool stopping(void) {
    return __atomic_load_n(&stop, __ATOMIC_SEQ_CST);
}

pid_t life(void) {
    return (pid_t)syscall(SYS_getpid);
}

uint64_t random_below(struct worker *self, uint64_t bound) {
    return pattern_word(self->random++, 7) % bound;
}

static void *run(void *argument) {
    struct worker *self = argument;
    self->life = life();
    self->tid = current_tid();
    self->body(self);
    return NULL;
}

struct worker *start_worker(const char *name, void (*body)(struct worker *self), void *argument) {
    CHECK(count < WORKERS_MOST, "too many workers");
    struct worker *self = &workers[count];
    *self = (struct worker){.name = name, .body = body, .argument = argument, .random = (uint64_t)count << 40 ^ (uint64_t)life()};
    count++;
    return self;
}

/* ---- moments of waiting ---- */

static void sleep_relative(const struct timespec *time) {
    nanosleep(time, NULL);
}

static void sleep_absolute(const struct timespec *time) {
    struct timespec until = to_timespec(now_ns(CLOCK_MONOTONIC) + time->tv_nsec);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void wait_poll(const struct timespec *time) {
    ppoll(NULL, 0, time, NULL);
}

static void wait_select(const struct timespec *time) {
    struct timeval span = {.tv_usec = (time->tv_nsec + 999) / 1000};
    select(0, NULL, NULL, NULL, &span);
}

static void wait_futex(const struct timespec *time) {
    int word = 1;
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, time, NULL, 0);
}

static void wait_signal(const struct timespec *time) {
    sigset_t none;
    sigemptyset(&none);
    sigtimedwait(&none, NULL, time);
}

static void wait_condition(const struct timespec *time) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until = to_timespec(now_ns(CLOCK_REALTIME) + time->tv_nsec);
    MUST0(pthread_mutex_lock(&mutex));
    pthread_cond_timedwait(&never, &mutex, &until);
    MUST0(pthread_mutex_unlock(&mutex));
}

static void wait_a_moment(struct worker *self) {
    static void (*const ways[])(const struct timespec *) = {sleep_relative, sleep_absolute, wait_poll,     wait_select,
                                                            wait_futex,     wait_signal,    wait_condition};
    size_t way = random_below(self, sizeof ways / sizeof ways[0]);
    struct timespec time = to_timespec((int64_t)(50 + random_below(self, 3000)) * 1000);
    int64_t before = now_ns(CLOCK_MONOTONIC);
    errno = 0;
    ways[way](&time);
    int error = errno;
    int64_t waited = now_ns(CLOCK_MONOTONIC) - before;
    CHECK(self->is_interrupted || error != EINTR, "worker %s: wait %zu was interrupted, and no handler can have run", self->name, way);
    CHECK(self->is_interrupted || waited >= time.tv_nsec - 1000 || ways[way] == wait_condition,
          "worker %s: wait %zu ended after %lld of %ld ns", self->name, way, (long long)waited, time.tv_nsec);
}

void step(struct worker *self) {
    pid_t now = life();
    if (now != self->life)
        self->launches++;
    self->life = now;
    self->tid = current_tid();
    self->steps++;
    if (random_below(self, 3) == 0)
        wait_a_moment(self);
}

/* ---- all of them ---- */

void start_workers(void) {
    sigset_t all, old;
    sigfillset(&all);
    MUST0(pthread_sigmask(SIG_SETMASK, &all, &old));
    for (int i = 0; i < count; i++)
        workers[i].thread = start_thread(run, &workers[i]);
    MUST0(pthread_sigmask(SIG_SETMASK, &old, NULL));
}

int worker_count(void) {
    return count;
}

void await_steps(uint64_t steps) {
    int64_t begin = awake_ns();
    uint64_t before[WORKERS_MOST];
    for (int i = 0; i < count; i++)
        before[i] = workers[i].steps;
    for (int i = 0; i < count; i++)
        while (!workers[i].waits_for_the_end && workers[i].steps < before[i] + steps) {
            CHECK(awake_ns() - begin < LIMIT_S * NS_PER_S, "worker %s makes no step any more", workers[i].name);
            sleep_relative(&(struct timespec){.tv_nsec = NS_PER_MS});
        }
}

void tell_workers_to_stop(void) {
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
}

void join_workers(void) {
    for (int i = 0; i < count; i++)
        join_thread(workers[i].thread);
}
