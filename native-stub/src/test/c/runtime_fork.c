/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undump_fork() when it cannot do what it is for: ckpt is killed at random moments, is missing, may not trace, or there are too
 * few threads left. The caller must hear of it in words, keep nothing of a child, and go on as before; what does become a child
 * must be a whole one.
 *
 * Runs the ckpt that was built with it.
 */
#include "runtime/commands.c"
#include "runtime/engine.c"
#include "runtime/errors.c"
#include "runtime/fork.c"
#include "runtime/hooks.c"
#include "runtime/spawn.c"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/tracer_of.h"

#define THREADS 12
#define KILLS 12 /* the library takes a second to believe that ckpt is dead */
#define ROUNDS 3
#define WHOLE 7 /* exit status of a child whose threads all work */
#define FEW_THREADS_USER 64124 /* has no other processes */

static atomic_int rounds[THREADS];
static pthread_mutex_t owned;

static void complain(const char *what)
{
    fprintf(stderr, "process %d: %s: %s\n", (int)getpid(), what, undump_error());
    _exit(1);
}

static void *work(void *argument)
{
    for (uintptr_t number = (uintptr_t)argument;; atomic_fetch_add(&rounds[number], 1)) {
        struct timespec moment = {0, 500000};
        if (number % 3 != 2) {
            for (volatile int i = 0; number % 3 == 0 && i < 10000; i++)
                ;
            nanosleep(&moment, NULL);
        } else {
            pthread_mutex_lock(&owned);
            pthread_mutex_lock(&owned);
            nanosleep(&moment, NULL);
            if (pthread_mutex_unlock(&owned) != 0 || pthread_mutex_unlock(&owned) != 0)
                complain("a lock is not its holder's");
        }
    }
    return NULL;
}

static void start_threads(void)
{
    pthread_mutexattr_t recursive;
    pthread_t thread;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&owned, &recursive);
    for (uintptr_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread, NULL, work, (void *)i) != 0)
            complain("pthread_create");
}

static void await_work(void)
{
    for (int i = 0; i < THREADS; i++) {
        int before = atomic_load(&rounds[i]);
        while (atomic_load(&rounds[i]) < before + ROUNDS) {
            struct timespec moment = {0, 200000};
            nanosleep(&moment, NULL);
        }
    }
}

/* Forks once. A child ends here. Returns what undump_fork() did; ret_whole: the child was a whole one. */
static pid_t fork_once(bool *ret_whole)
{
    int status = 0;
    pid_t child = undump_fork();
    *ret_whole = false;
    if (child == 0) {
        await_work();
        _exit(WHOLE);
    }
    if (child > 0) {
        if (waitpid(child, &status, 0) != child)
            complain("the child is not to be waited for");
        *ret_whole = WIFEXITED(status) && WEXITSTATUS(status) == WHOLE;
        if (!*ret_whole && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
            complain("the child ended in another way");
    } else if (!*undump_error()) {
        complain("a failure without words");
    }
    if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
        complain("a child is left");
    await_work();
    return child;
}

static void run_in_process(void (*program)(int to), uid_t uid, rlim_t processes, int to)
{
    struct rlimit limit = {processes, processes};
    if (uid && (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0 || setrlimit(RLIMIT_NPROC, &limit) != 0))
        complain("becoming another user");
    prctl(PR_SET_DUMPABLE, 1); /* who becomes another user may not be traced */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    undump_set_commands(built_path("ckpt"), NULL);
    start_threads();
    await_work();
    program(to);
    _exit(0);
}

static pid_t start_program(void (*program)(int to), uid_t uid, rlim_t processes, int to)
{
    pid_t pid = fork();
    if (pid == 0)
        run_in_process(program, uid, processes, to);
    return pid;
}

static void expect_good_end(pid_t pid, const char *what)
{
    int status = -1;
    waitpid(pid, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
}

/* ---- ckpt dies ---- */

static void fork_while_ckpt_dies(int to)
{
    int whole = 0, halves = 0, failed = 0;
    for (int i = 0; i < KILLS; i++) {
        bool is_whole;
        pid_t child = fork_once(&is_whole);
        whole += is_whole;
        halves += child > 0 && !is_whole;
        failed += child < 0;
        if (write(to, "", 1) != 1)
            complain("write");
    }
    fprintf(stderr, "%d whole children, %d killed ones, %d failures\n", whole, halves, failed);
    undump_set_commands(built_path("ckpt"), NULL);
    bool is_whole;
    close(to);
    if (fork_once(&is_whole) < 0 || !is_whole)
        complain("a fork in peace");
}

static void killed_ckpt_leaves_nothing(void)
{
    int ends[2];
    unsigned seed = (unsigned)getpid();
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        exit(1);
    pid_t program = start_program(fork_while_ckpt_dies, 0, 0, ends[1]);
    close(ends[1]);
    for (char byte; read(ends[0], &byte, 1) != 0; ) {
        pid_t tracer = tracer_of(program);
        static const long longest_ns[] = {5000000, 50000000, 500000000};
        struct timespec moment = {0, 100000}, some = {0, rand_r(&seed) % longest_ns[rand_r(&seed) % 3]};
        nanosleep(tracer ? &some : &moment, NULL);
        if (tracer && getpgid(tracer) != getpgrp()) /* the program's ckpt has a session of its own */
            kill(tracer, SIGKILL);
    }
    close(ends[0]);
    expect_good_end(program, "a program whose ckpt is killed");
}

/* ---- other failures ---- */

static void fork_without_ckpt(int to)
{
    bool whole;
    (void)to;
    undump_set_commands("/nowhere/ckpt", NULL);
    if (fork_once(&whole) != -ENOENT || !strstr(undump_error(), "/nowhere/ckpt"))
        complain("a missing ckpt");
}

static void fork_while_traced(int to)
{
    bool whole;
    int ends[2];
    (void)to;
    if (pipe(ends) != 0)
        complain("pipe");
    pid_t program = getpid(), tracer = fork();
    if (tracer == 0) {
        int status;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ptrace(PTRACE_SEIZE, program, 0, 0) != 0 || write(ends[1], "", 1) != 1)
            _exit(1);
        for (;;)
            if (waitpid(program, &status, 0) == program)
                ptrace(PTRACE_CONT, program, 0, 0);
    }
    char byte;
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        complain("tracing failed");
    pid_t child = undump_fork();
    if (child != -EBUSY || !strstr(undump_error(), "traces it"))
        complain("a fork of a traced program");
    kill(tracer, SIGKILL);
    waitpid(tracer, NULL, 0);
    if (fork_once(&whole) < 0 || !whole)
        complain("a fork when the tracer has gone");
}

/* The child's main thread can be made, not all others: each half of a child costs nothing. */
static void fork_with_few_threads(int to)
{
    bool whole;
    (void)to;
    for (int i = 0; i < 5; i++)
        if (fork_once(&whole) != -EAGAIN || !strstr(undump_error(), "ulimit -u"))
            complain("too few threads");
}

int main(void)
{
    killed_ckpt_leaves_nothing();
    expect_good_end(start_program(fork_without_ckpt, 0, 0, -1), "a program without ckpt");
    expect_good_end(start_program(fork_while_traced, 0, 0, -1), "a program that is traced");
    if (geteuid() == 0)
        expect_good_end(start_program(fork_with_few_threads, FEW_THREADS_USER, THREADS + 8, -1), "too few threads");
    else
        fprintf(stderr, "skipped fork_with_few_threads: only root can become a user without other processes\n");
    return failures ? 1 : 0;
}
