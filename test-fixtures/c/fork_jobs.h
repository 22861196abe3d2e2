/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 64 threads that wait in all ways, hold locks, run signal handlers or calculate in vector registers, until finish_jobs() lets each come
 * to its end and looks whether it has; for fork_threads.c.
 */
#ifndef FORK_JOBS_H
#define FORK_JOBS_H

#include "fixture.h"

#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define THREADS 64
#define PAIRS 4
#define ROUND_NS (30 * NS_PER_MS)
#define ALTERNATE_STACK_BYTES 65536

struct job;
struct kind {
    const char *name;
    void (*work)(struct job *job);
    int count;
    long call; /* in which it waits when everything is ready; -1: in none that lasts */
};
struct job {
    const struct kind *kind;
    int number;              /* among those of its kind */
    pthread_t thread;
    volatile pid_t tid;      /* as it was before any fork */
    volatile int ready, done;
    sem_t gate;
    int pipe[2];
};

static struct job jobs[THREADS + 1]; /* the last one has no thread */
static int job_count;
static volatile int go;
static pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pid_t first_process; /* in which the jobs have begun */
static bool launched;

/* ---- locks: each is held twice, or once, by an owner, and three others wait for it ---- */

static const struct lock_kind {
    int type, robust, protocol;
} lock_kinds[PAIRS] = {
    {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
    {PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE},
    {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE},
    {PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT},
};
static pthread_mutex_t locks[PAIRS];
static volatile int held[PAIRS];

static void make_locks(void) {
    for (int i = 0; i < PAIRS; i++) {
        pthread_mutexattr_t attributes;
        MUST0(pthread_mutexattr_init(&attributes));
        MUST0(pthread_mutexattr_settype(&attributes, lock_kinds[i].type));
        MUST0(pthread_mutexattr_setrobust(&attributes, lock_kinds[i].robust));
        MUST0(pthread_mutexattr_setprotocol(&attributes, lock_kinds[i].protocol));
        MUST0(pthread_mutex_init(&locks[i], &attributes));
    }
}

static void await_gate(struct job *job) {
    while (sem_wait(&job->gate) != 0)
        CHECK(errno == EINTR && handler_runs() > 0, "sem_wait gave %d", errno);
}

static void own_lock(struct job *job) {
    pthread_mutex_t *lock = &locks[job->number];
    int depth = lock_kinds[job->number].type == PTHREAD_MUTEX_RECURSIVE ? 2 : 1;
    for (int i = 0; i < depth; i++)
        MUST0(pthread_mutex_lock(lock));
    held[job->number] = 1;
    job->ready = 1;
    await_gate(job);
    if (depth == 1)
        CHECK_EQ(pthread_mutex_lock(lock), EDEADLK);
    for (int i = 0; i < depth; i++)
        MUST0(pthread_mutex_unlock(lock));
    CHECK_EQ(pthread_mutex_unlock(lock), EPERM);
}

static void wait_for_lock(struct job *job) {
    int number = job->number % PAIRS;
    while (!held[number])
        sched_yield();
    job->ready = 1;
    MUST0(pthread_mutex_lock(&locks[number]));
    CHECK(go, "a lock was got that another thread holds");
    MUST0(pthread_mutex_unlock(&locks[number]));
    CHECK_EQ(pthread_mutex_unlock(&locks[number]), EPERM);
}

/* ---- waits ---- */

static void check_round(int64_t start, bool good, const char *what) {
    CHECK(good, "%s ended with errno %d", what, errno);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= ROUND_NS, "%s ended early", what);
}

static void wait_for_condition(struct job *job) {
    MUST0(pthread_mutex_lock(&condition_mutex));
    job->ready = 1;
    while (!go)
        MUST0(pthread_cond_wait(&condition, &condition_mutex));
    MUST0(pthread_mutex_unlock(&condition_mutex));
}

static void wait_for_condition_in_time(struct job *job) {
    job->ready = 1;
    while (!go) {
        struct timespec limit = to_timespec(now_ns(CLOCK_REALTIME) + ROUND_NS);
        int64_t start = now_ns(CLOCK_MONOTONIC);
        int result = 0;
        MUST0(pthread_mutex_lock(&condition_mutex));
        while (!go && result == 0)
            result = pthread_cond_timedwait(&condition, &condition_mutex, &limit);
        MUST0(pthread_mutex_unlock(&condition_mutex));
        if (!go)
            check_round(start - NS_PER_MS, result == ETIMEDOUT, "pthread_cond_timedwait");
    }
}

static void sleep_in_rounds(struct job *job) {
    job->ready = 1;
    while (!go) {
        struct timespec round = to_timespec(ROUND_NS);
        int64_t start = now_ns(CLOCK_MONOTONIC);
        check_round(start, nanosleep(&round, job->number % 2 ? &round : NULL) == 0, "nanosleep");
    }
}

static void poll_in_rounds(struct job *job) {
    struct pollfd end = {job->pipe[0], POLLIN, 0};
    job->ready = 1;
    while (!go) {
        int64_t start = now_ns(CLOCK_MONOTONIC);
        check_round(start, poll(&end, 1, ROUND_NS / NS_PER_MS) == 0, "poll");
    }
}

static void wait_for_events_in_rounds(struct job *job) {
    int epoll = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = {.events = EPOLLIN};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, job->pipe[0], &event));
    job->ready = 1;
    while (!go) {
        int64_t start = now_ns(CLOCK_MONOTONIC);
        check_round(start, epoll_wait(epoll, &event, 1, ROUND_NS / NS_PER_MS) == 0, "epoll_wait");
    }
}

/* Parent and child have the pipe in common: each writes one byte, and each reads one, maybe the other's. */
static void read_pipe(struct job *job) {
    char byte = 0;
    job->ready = 1;
    CHECK_EQ(read(job->pipe[0], &byte, 1), 1);
    CHECK_EQ(byte, 'b');
    await_gate(job); /* the other's may come before this process has counted its threads */
}

static void wait_for_semaphore_in_time(struct job *job) {
    job->ready = 1;
    struct timespec limit = to_timespec(now_ns(CLOCK_REALTIME) + 1000 * NS_PER_S);
    MUST(sem_timedwait(&job->gate, &limit));
    CHECK(go, "a semaphore was got that nobody has posted");
}

static void wait_for_signal(struct job *job) {
    sigset_t one;
    siginfo_t info;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    job->ready = 1;
    CHECK_EQ(sigwaitinfo(&one, &info), SIGUSR1);
    CHECK(go, "a signal came that nobody has sent");
    CHECK_EQ(info.si_pid, getpid());
}

/* ---- signal handlers, vector registers ---- */

static __thread struct job *handled;

static void handle(int signal) {
    char local[512];
    note_handler();
    memset(local, signal, sizeof local);
    handled->ready = 1;
    await_gate(handled);
    for (size_t i = 0; i < sizeof local; i++)
        CHECK_EQ(local[i], signal);
    handled->ready = 2;
}

static void run_handler(struct job *job) {
    stack_t stack = {.ss_sp = malloc(ALTERNATE_STACK_BYTES), .ss_size = ALTERNATE_STACK_BYTES}, found;
    MUST(sigaltstack(&stack, NULL));
    handled = job;
    MUST0(pthread_kill(pthread_self(), SIGUSR2));
    CHECK_EQ(job->ready, 2);
    MUST(sigaltstack(NULL, &found));
    CHECK(found.ss_sp == stack.ss_sp && found.ss_size == stack.ss_size, "the signal stack is another one");
}

static void spin_with_xmm(const uint8_t *in, uint8_t *out, volatile int *until) {
    __asm__ volatile("movdqu (%0), %%xmm7\n movdqu 16(%0), %%xmm15\n"
                     "1: pause\n cmpl $0, (%2)\n je 1b\n"
                     "movdqu %%xmm7, (%1)\n movdqu %%xmm15, 16(%1)\n"
                     : : "r"(in), "r"(out), "r"(until) : "xmm7", "xmm15", "memory", "cc");
}

static void spin_with_ymm(const uint8_t *in, uint8_t *out, volatile int *until) {
    __asm__ volatile("vmovdqu (%0), %%ymm7\n vmovdqu 32(%0), %%ymm15\n"
                     "1: pause\n cmpl $0, (%2)\n je 1b\n"
                     "vmovdqu %%ymm7, (%1)\n vmovdqu %%ymm15, 32(%1)\n vzeroupper\n"
                     : : "r"(in), "r"(out), "r"(until) : "xmm7", "xmm15", "memory", "cc");
}

static void keep_vectors(struct job *job) {
    uint8_t in[64], out[64] = {0};
    bool wide = __builtin_cpu_supports("avx");
    size_t size = wide ? 64 : 32;
    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 7 + (size_t)job->number * 31 + 1);
    job->ready = 1;
    (wide ? spin_with_ymm : spin_with_xmm)(in, out, &go);
    CHECK(memcmp(in, out, size) == 0, "vector registers have changed");
}

/* ---- all of them ---- */

static const struct kind kinds[] = {
    {"lock owner", own_lock, PAIRS, SYS_futex},
    {"lock waiter", wait_for_lock, 3 * PAIRS, SYS_futex},
    {"condition", wait_for_condition, 6, SYS_futex},
    {"timed condition", wait_for_condition_in_time, 6, -1},
    {"sleep", sleep_in_rounds, 6, -1},
    {"poll", poll_in_rounds, 6, -1},
    {"epoll", wait_for_events_in_rounds, 4, -1},
    {"pipe", read_pipe, 6, SYS_read},
    {"timed semaphore", wait_for_semaphore_in_time, 6, SYS_futex},
    {"signal", wait_for_signal, 2, SYS_rt_sigtimedwait},
    {"handler", run_handler, 4, SYS_futex},
    {"vectors", keep_vectors, 2, -1},
};

static void *run_job(void *argument) {
    struct job *job = argument;
    job->tid = current_tid();
    job->kind->work(job);
    if (!launched)
        CHECK((current_tid() == job->tid) == (getpid() == first_process), "thread ids %d and %d", (int)job->tid,
              (int)current_tid());
    job->done = 1;
    return NULL;
}

static void start_jobs(void) {
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int number = 0; number < kinds[i].count; number++) {
            struct job *job = &jobs[job_count++];
            *job = (struct job){.kind = &kinds[i], .number = number};
            MUST(sem_init(&job->gate, 0, 0));
            MUST(pipe(job->pipe));
            job->thread = start_thread(run_job, job);
        }
    }
    CHECK_EQ(job_count, THREADS);
    for (int i = 0; i < job_count; i++) {
        while (!jobs[i].ready)
            sched_yield();
        if (jobs[i].kind->call >= 0)
            await_in_syscall(jobs[i].tid, jobs[i].kind->call);
    }
}

/* Data with the bytes of recursive mutexes that the jobs' threads would hold; far from what those threads work with. */
enum { LEAD = 4096, SPACING = 64 };
static uint32_t *lookalikes;

static __attribute__((noinline)) bool looks_like_a_lock(int number, bool make) {
    uint32_t expected[] = {1, 4, (uint32_t)jobs[number].tid, 1, 1};
    uint32_t *words = lookalikes + LEAD + (number + 1) * SPACING;
    if (make)
        memcpy(words, expected, sizeof(expected));
    return memcmp(words, expected, sizeof(expected)) == 0;
}

static void make_lookalikes(void) {
    lookalikes = calloc(2 * LEAD + (THREADS + 2) * SPACING, sizeof(*lookalikes));
    CHECK(lookalikes != NULL, "errno %d", errno);
    for (int i = 0; i <= job_count; i++) /* no register holds the address of what looks like a lock afterwards */
        looks_like_a_lock(i, true);
}

/* Each process does this by itself. */
static void finish_jobs(void) {
    for (int i = 0; i < job_count; i++)
        CHECK(looks_like_a_lock(i, false), "data with the id of thread %d has changed", (int)jobs[i].tid);
    MUST0(pthread_mutex_lock(&condition_mutex));
    go = 1;
    MUST0(pthread_cond_broadcast(&condition));
    MUST0(pthread_mutex_unlock(&condition_mutex));
    for (int i = 0; i < job_count; i++) {
        MUST(sem_post(&jobs[i].gate));
        if (jobs[i].kind->work == read_pipe)
            CHECK_EQ(write(jobs[i].pipe[1], "b", 1), 1);
        if (jobs[i].kind->work == wait_for_signal)
            MUST0(pthread_kill(jobs[i].thread, SIGUSR1));
    }
    for (int i = 0; i < job_count; i++) {
        join_thread(jobs[i].thread);
        CHECK(jobs[i].done, "%s %d has not ended", jobs[i].kind->name, jobs[i].number);
    }
}

#endif
