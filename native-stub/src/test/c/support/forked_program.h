/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose threads wait in all ways, hold locks and calculate, each again and again; and which notes what becomes of its children.
 * Whichever thread finds itself in a child makes one more round: the last of them ends the child.
 */
#ifndef UNDUMP_TEST_FORKED_PROGRAM_H
#define UNDUMP_TEST_FORKED_PROGRAM_H

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/counting_program.h"

#define WAIT_NS 3000000
#define DECOYS 65536 /* many times what the search holds at once */

/* Shared by the program and its children, and by the test. */
struct seen {
    atomic_int complete; /* children whose threads all came to their end */
    atomic_int killed;   /* children that somebody killed */
    atomic_int rounds;   /* of all threads of the program */
    atomic_int bad;      /* children that ended in another way */
};
static struct seen *seen;

static pid_t home; /* process id of the program; a child's threads see that theirs is another one */
static atomic_int still_here;
static bool tolerates_interruption; /* when the tracing process is killed between the stop and the repair of registers */

static void complain(const char *what)
{
    fprintf(stderr, "%s: %s (errno %d)\n", getpid() == home ? "the forked program" : "its child", what, errno);
    _exit(1);
}

static void check_decoys(void);

/* Behind each piece of work. The last thread of a child to come here ends it. */
static void round_done(void)
{
    if (getpid() == home) {
        atomic_fetch_add(&seen->rounds, 1);
        return;
    }
    if (atomic_fetch_sub(&still_here, 1) == 1) {
        check_decoys();
        _exit(0);
    }
    for (;;)
        pause();
}

static void check_wait(uint64_t start, int result, bool interruptible, const char *what)
{
    bool interrupted = result < 0 && errno == EINTR;
    /* The kernel does not restart epoll_wait after a signal that is ignored, such as the SIGCHLD of an earlier child, which a traced
     * thread is told of all the same. */
    if (interrupted && interruptible && (tolerates_interruption || getpid() == home))
        return;
    if (result < 0 && errno != ETIMEDOUT)
        complain(what);
    if (now() - start < WAIT_NS)
        complain(what);
}

static void *sleep_again(void *unused)
{
    for (;; round_done()) {
        struct timespec wait = {0, WAIT_NS};
        uint64_t start = now();
        check_wait(start, nanosleep(&wait, NULL), false, "nanosleep");
    }
    return unused;
}

static void *wait_for_events(void *unused)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (;; round_done()) {
        struct epoll_event event;
        uint64_t start = now();
        check_wait(start, epoll_wait(epoll, &event, 1, WAIT_NS / 1000000), true, "epoll_wait");
    }
    return unused;
}

static void *poll_again(void *unused)
{
    for (;; round_done()) {
        uint64_t start = now();
        check_wait(start, poll(NULL, 0, WAIT_NS / 1000000), false, "poll");
    }
    return unused;
}

static void *wait_for_word(void *unused)
{
    uint32_t word = 0;
    for (;; round_done()) {
        struct timespec wait = {0, WAIT_NS};
        uint64_t start = now();
        check_wait(start, (int)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &wait, NULL, 0), false, "futex");
    }
    return unused;
}

static pthread_mutex_t owned;

/* Words that look like the owner of a lock, and are none. */
static uint64_t (*decoys)[2];

static uint64_t decoy(void)
{
    return (uint64_t)home | UINT64_C(1) << 32;
}

static void make_decoys(void)
{
    decoys = malloc(DECOYS * sizeof(*decoys));
    for (int i = 0; decoys && i < DECOYS; i++) {
        decoys[i][0] = decoy();
        decoys[i][1] = 1;
    }
}

static void check_decoys(void)
{
    for (int i = 0; i < DECOYS; i++)
        if (!decoys || decoys[i][0] != decoy() || decoys[i][1] != 1)
            complain("a word that is no lock has changed");
}

/* Who holds it must be who is told so. */
static void *lock_again(void *unused)
{
    for (;; round_done()) {
        for (int i = 0; i < 3; i++)
            if (pthread_mutex_lock(&owned) != 0)
                complain("lock");
        struct timespec moment = {0, 20000};
        nanosleep(&moment, NULL);
        for (int i = 0; i < 3; i++)
            if (pthread_mutex_unlock(&owned) != 0)
                complain("unlock");
        if (pthread_mutex_unlock(&owned) != EPERM)
            complain("unlock of a lock that another thread holds");
    }
    return unused;
}

static void *calculate(void *seed)
{
    double sum = 0;
    for (;; round_done()) {
        uint64_t value = (uintptr_t)seed, again = value;
        for (int i = 0; i < 100000; i++) {
            value = value * 6364136223846793005u + 1442695040888963407u;
            sum += 0.5;
        }
        for (int i = 0; i < 100000; i++)
            again = again * 6364136223846793005u + 1442695040888963407u;
        if (value != again || sum != (double)(int64_t)sum)
            complain("a wrong sum");
    }
    return NULL;
}

/* Every child is waited for by the program whose child it is. */
static void *reap(void *unused)
{
    int status;
    for (;;) {
        pid_t child = waitpid(-1, &status, 0);
        if (child < 0 && errno != ECHILD && !(errno == EINTR && tolerates_interruption))
            complain("waitpid");
        if (getpid() != home) /* a child has none */
            round_done();
        if (child < 0) {
            struct timespec moment = {0, 1000000};
            nanosleep(&moment, NULL);
        } else {
            atomic_fetch_add(WIFEXITED(status) && WEXITSTATUS(status) == 0         ? &seen->complete
                             : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? &seen->killed
                                                                                   : &seen->bad, 1);
        }
    }
    return unused;
}

static void start_threads(void)
{
    static void *(*const works[])(void *) = {sleep_again, wait_for_events, poll_again, wait_for_word, lock_again, lock_again,
                                             calculate, reap};
    pthread_mutexattr_t recursive;
    pthread_t thread;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&owned, &recursive);
    atomic_store(&still_here, (int)(sizeof(works) / sizeof(works[0])) + 1);
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
        if (pthread_create(&thread, NULL, works[i], NULL) != 0)
            complain("pthread_create");
}

static void run_program(int numbers)
{
    home = getpid();
    make_decoys();
    start_threads();
    for (uint32_t number = 0;; number++) {
        struct timespec wait = {0, 500000};
        if (getpid() != home)
            round_done();
        if (write(numbers, &number, sizeof(number)) != sizeof(number))
            complain("write");
        nanosleep(&wait, NULL);
    }
}

#endif
