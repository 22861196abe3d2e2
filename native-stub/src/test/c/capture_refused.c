/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that stand where no launch would come again: ckpt refuses them in words, and they go on.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/work_folder.h"

static int failures;

/* What a program does before it says that it is ready. False: not possible here. */
typedef bool (*preparation)(void);

static bool change_root(void)
{
    return chroot("/usr") == 0 && chdir("/") == 0;
}

static int own_parts; /* CLONE_* */
static bool thread_is_ready;
static pthread_barrier_t barrier;

static void *leave_the_others(void *unused)
{
    thread_is_ready = unshare(own_parts) == 0;
    pthread_barrier_wait(&barrier);
    for (;;)
        pause();
    return unused;
}

static bool start_thread_of_its_own(int parts)
{
    pthread_t thread;
    own_parts = parts;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, leave_the_others, NULL);
    pthread_barrier_wait(&barrier);
    return thread_is_ready;
}

static bool unshare_descriptors(void)
{
    return start_thread_of_its_own(CLONE_FILES);
}

static bool unshare_directory(void)
{
    return start_thread_of_its_own(CLONE_FS);
}

static void *wait_forever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

/* Among several threads the kernel does not say whose time a timer that does not run would count. */
static bool make_idle_thread_timer(void)
{
    struct sigevent nobody = {.sigev_notify = SIGEV_NONE};
    pthread_t thread;
    timer_t timer;
    return pthread_create(&thread, NULL, wait_forever, NULL) == 0 &&
           timer_create(CLOCK_THREAD_CPUTIME_ID, &nobody, &timer) == 0;
}

static bool make_timer_of_parent(void)
{
    struct sigevent nobody = {.sigev_notify = SIGEV_NONE};
    clockid_t clock;
    timer_t timer;
    return clock_getcpuclockid(getppid(), &clock) == 0 && timer_create(clock, &nobody, &timer) == 0;
}

/* Returns the program's id, or 0 when it could not get ready. */
static pid_t start_program(preparation prepare)
{
    int ends[2];
    char ready = 0;
    if (pipe(ends) < 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        ready = prepare() ? 'y' : 'n';
        if (write(ends[1], &ready, 1) != 1)
            _exit(1);
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    bool good = read(ends[0], &ready, 1) == 1 && ready == 'y';
    close(ends[0]);
    if (good)
        return child;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return 0;
}

/* Returns ckpt's exit status, with what it wrote to stderr. */
static int run_ckpt(const char *ckpt, pid_t pid, char *error, size_t size)
{
    char number[16], output[WORK_PATH_BYTES];
    int ends[2], status;
    size_t used = 0;
    ssize_t count;
    snprintf(number, sizeof(number), "%d", pid);
    work_path(output, "refused.dat");
    if (pipe(ends) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        execl(ckpt, "ckpt", "--pid", number, "-o", output, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    while ((count = read(ends[0], error + used, size - 1 - used)) > 0)
        used += (size_t)count;
    error[used] = 0;
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void is_refused(const char *ckpt, preparation prepare, const char *words)
{
    char error[2048];
    pid_t program = start_program(prepare);
    if (!program) {
        fprintf(stderr, "skipped: %s\n", words);
        return;
    }
    int status = run_ckpt(ckpt, program, error, sizeof(error));
    bool alive = waitpid(program, NULL, WNOHANG) == 0;
    if (status != 1 || !strstr(error, words) || !alive) {
        failures++;
        fprintf(stderr, "failed: %s: status %d, %s, the program %s\n", words, status, error, alive ? "lives" : "is gone");
    }
    kill(program, SIGKILL);
    waitpid(program, NULL, 0);
}

int main(void)
{
    const char *ckpt = built_path("ckpt");
    is_refused(ckpt, change_root, "its root directory is /usr (chroot)");
    is_refused(ckpt, unshare_descriptors, "has descriptors of its own");
    is_refused(ckpt, make_idle_thread_timer, "POSIX timer 0 counts the time of one thread");
    is_refused(ckpt, make_timer_of_parent, "POSIX timer 0 counts the time of another process");
    is_refused(ckpt, unshare_directory, "has a working directory of its own");
    return failures ? 1 : 0;
}
