/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is forked with all its threads again and again while they work, and ckpt is killed at random moments. The program
 * must go on in every case: its numbers complete and in order, no wait too short, no call broken off. Every child must have all
 * threads, each of which goes on with what it did and sees neither an early end of a wait nor somebody else's lock; or there
 * is no child. A fork for which there are not enough threads left costs nothing.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"

#define FORKS 200
#define FORKS_READ_FROM_OUTSIDE 20
#define KILLS 50
#define WAIT_NS 3000000
#define FEW_THREADS_USER 64123 /* has no other processes */
#define LIVES_LONG_ENOUGH_S 60
#define DECOYS 65536 /* many times what the search holds at once */

/* ---- the program ---- */

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

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

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

/* ---- the test ---- */

struct subject {
    pid_t pid;
    int numbers;
    uint32_t next;
};

/* Takes what the program has written; every number has to be the next one, but for the one that a child may have repeated: it
 * was in the middle of writing. Waits for at least one. */
static void take_numbers(struct subject *subject)
{
    uint32_t numbers[4096];
    ssize_t size = read(subject->numbers, numbers, sizeof(numbers));
    if (size <= 0) {
        fprintf(stderr, "failed: the program has ended\n");
        exit(1);
    }
    for (ssize_t i = 0; i < size / (ssize_t)sizeof(*numbers); i++) {
        expect(numbers[i] == subject->next || numbers[i] < subject->next, "numbers are complete and in order");
        subject->next = numbers[i] >= subject->next ? numbers[i] + 1 : subject->next;
    }
}

static struct subject start_program(bool inner, bool ignores_faults, uid_t user, rlim_t processes)
{
    int ends[2];
    memset(seen, 0, sizeof(*seen));
    if (pipe(ends) != 0)
        exit(1);
    struct subject subject = {.pid = fork(), .numbers = ends[0]};
    if (subject.pid == 0) {
        struct rlimit limit = {processes, processes};
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (user && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0 || setrlimit(RLIMIT_NPROC, &limit) != 0))
            complain("becoming another user");
        for (int fd = 3; fd < 256; fd++)
            if (fd != ends[1])
                close(fd);
        tolerates_interruption = inner;
        if (ignores_faults)
            signal(SIGSEGV, SIG_IGN);
        run_program(ends[1]);
    }
    close(ends[1]);
    take_numbers(&subject);
    return subject;
}

static pid_t start_ckpt(const char *ckpt, pid_t pid, int output)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", pid);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(output < 0 ? null : output, 2);
        execl(ckpt, "ckpt", "--pid", number, "--fork", (char *)NULL);
        _exit(127);
    }
    return child;
}

static pid_t tracer_of(pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    const char *field = strstr(text, "TracerPid:");
    pid_t tracer = field ? (pid_t)strtol(field + 10, NULL, 10) : 0;
    return tracer == getpid() ? 0 : tracer; /* kernel/ptrace.c, __ptrace_unlink(): in the moment of a detach */
}

/* Living processes of the program's group, but for itself. */
static int count_children(pid_t program)
{
    int children = 0;
    DIR *entries = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(entries)); ) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        children += pid > 0 && pid != program && getpgid(pid) == program;
    }
    closedir(entries);
    return children;
}

static void await_no_children(struct subject *subject)
{
    uint64_t end = now() + LIVES_LONG_ENOUGH_S * UINT64_C(1000000000);
    while (count_children(subject->pid) && now() < end)
        take_numbers(subject);
    expect(count_children(subject->pid) == 0, "each child ends, and is waited for");
}

/* Waits until the program has counted that many, which it does after it has waited for them. */
static void await_count(struct subject *subject, int children)
{
    uint64_t end = now() + LIVES_LONG_ENOUGH_S * UINT64_C(1000000000);
    while (atomic_load(&seen->complete) + atomic_load(&seen->killed) + atomic_load(&seen->bad) < children && now() < end)
        take_numbers(subject);
}

static void end_program(struct subject *subject)
{
    int status, rounds = atomic_load(&seen->rounds);
    take_numbers(subject);
    for (int i = 0; i < 10000 && atomic_load(&seen->rounds) == rounds; i++)
        take_numbers(subject);
    expect(atomic_load(&seen->rounds) > rounds, "the program's threads work");
    expect(atomic_load(&seen->bad) == 0, "no child saw anything wrong");
    expect(waitpid(subject->pid, &status, WNOHANG) == 0, "the program is alive");
    kill(subject->pid, SIGKILL);
    waitpid(subject->pid, &status, 0);
    close(subject->numbers);
}

/* A child that ignores faults does not search its memory itself. */
static void forks_in_a_row_are_complete(const char *ckpt, int forks, bool ignores_faults)
{
    struct subject subject = start_program(false, ignores_faults, 0, 0);
    for (int i = 0; i < forks; i++) {
        int status;
        waitpid(start_ckpt(ckpt, subject.pid, 2), &status, 0);
        expect(status == 0, "a fork");
        take_numbers(&subject);
    }
    await_no_children(&subject);
    await_count(&subject, forks);
    /* One that was copied between its wait and its count has the other process count as well. */
    expect(atomic_load(&seen->complete) >= forks, "all children have all threads");
    expect(atomic_load(&seen->killed) == 0, "no child was killed");
    end_program(&subject);
}

static void pause_random(unsigned *seed, long longest_ns)
{
    struct timespec wait = {0, rand_r(seed) % longest_ns};
    nanosleep(&wait, NULL);
}

/* inner: kill the process that traces, as soon as it does; else the one that was started. */
static void killed_forks_harm_nothing(const char *ckpt, bool inner)
{
    struct subject subject = start_program(inner, false, 0, 0);
    unsigned seed = (unsigned)getpid();
    fprintf(stderr, "seed %u\n", seed);
    for (int i = 0; i < KILLS; i++) {
        pid_t outer = start_ckpt(ckpt, subject.pid, -1), tracer = 0;
        if (inner) {
            for (int look = 0; look < 10000 && !tracer && waitpid(outer, NULL, WNOHANG) == 0; look++)
                tracer = tracer_of(subject.pid);
            pause_random(&seed, 20000000);
            if (tracer)
                kill(tracer, SIGKILL);
        } else {
            pause_random(&seed, 30000000);
            kill(outer, SIGKILL);
        }
        waitpid(outer, NULL, 0);
        take_numbers(&subject);
        while (tracer_of(subject.pid))
            take_numbers(&subject);
    }
    await_no_children(&subject);
    fprintf(stderr, "%d children were complete, %d killed\n", atomic_load(&seen->complete), atomic_load(&seen->killed));
    end_program(&subject);
}

/* The child's main thread can be made, not all of its threads. */
static void too_few_threads_cost_nothing(const char *ckpt)
{
    int ends[2];
    char text[4096];
    if (geteuid() != 0) {
        fprintf(stderr, "skipped too_few_threads_cost_nothing: only root can become a user without other processes\n");
        return;
    }
    struct subject subject = start_program(false, false, FEW_THREADS_USER, 14);
    for (int i = 0; i < 10; i++) {
        int status;
        if (pipe2(ends, O_CLOEXEC) != 0)
            exit(1);
        pid_t outer = start_ckpt(ckpt, subject.pid, ends[1]);
        close(ends[1]);
        ssize_t size = read(ends[0], text, sizeof(text) - 1);
        text[size > 0 ? size : 0] = 0;
        waitpid(outer, &status, 0);
        close(ends[0]);
        expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "the fork fails");
        expect(strstr(text, "ulimit -u") != NULL, text);
        take_numbers(&subject);
        await_no_children(&subject);
        expect(atomic_load(&seen->killed) == i + 1, "the child is killed");
    }
    expect(atomic_load(&seen->complete) == 0, "no child ran");
    end_program(&subject);
}

int main(void)
{
    const char *ckpt = built_path("ckpt");
    seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED)
        return 1;
    forks_in_a_row_are_complete(ckpt, FORKS, false);
    forks_in_a_row_are_complete(ckpt, FORKS_READ_FROM_OUTSIDE, true);
    too_few_threads_cost_nothing(ckpt);
    killed_forks_harm_nothing(ckpt, false);
    killed_forks_harm_nothing(ckpt, true);
    return failures ? 1 : 0;
}
