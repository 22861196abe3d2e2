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
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/forked_program.h"

#define FORKS 200
#define FORKS_READ_FROM_OUTSIDE 20
#define KILLS 50
#define FEW_THREADS_USER 64123 /* has no other processes */
#define LIVES_LONG_ENOUGH_S 60

static struct subject start_program(bool inner, bool ignores_faults, uid_t user, rlim_t processes)
{
    int ends[2];
    memset(seen, 0, sizeof(*seen));
    if (pipe(ends) != 0)
        exit(1);
    struct subject subject = {.pid = fork(), .numbers = ends[0], .may_repeat = true};
    if (subject.pid == 0) {
        struct rlimit limit = {processes, processes};
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (user && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0 || setrlimit(RLIMIT_NPROC, &limit) != 0))
            complain("becoming another user");
        keep_only(ends[1]);
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

static void await_no_children(struct subject *subject)
{
    uint64_t end = now() + LIVES_LONG_ENOUGH_S * UINT64_C(1000000000);
    while (count_others(subject->pid, true) && now() < end)
        take_numbers(subject);
    expect(count_others(subject->pid, true) == 0, "each child ends, and is waited for");
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
    int rounds = atomic_load(&seen->rounds);
    take_numbers(subject);
    for (int i = 0; i < 10000 && atomic_load(&seen->rounds) == rounds; i++)
        take_numbers(subject);
    expect(atomic_load(&seen->rounds) > rounds, "the program's threads work");
    expect(atomic_load(&seen->bad) == 0, "no child saw anything wrong");
    end_alive(subject);
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

/* inner: kill the process that traces, as soon as it does; else the one that was started. */
static void killed_forks_harm_nothing(const char *ckpt, bool inner)
{
    struct subject subject = start_program(inner, false, 0, 0);
    unsigned seed = (unsigned)getpid();
    fprintf(stderr, "seed %u\n", seed);
    for (int i = 0; i < KILLS; i++)
        kill_ckpt(&subject, start_ckpt(ckpt, subject.pid, -1), inner, &seed, inner ? 20000000 : 30000000);
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
