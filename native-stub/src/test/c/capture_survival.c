/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is captured again and again while it runs, and ckpt is killed at random moments. The program must go on
 * in every case: its numbers complete and in order, no wait too short, nothing left behind, no child ever seen. All
 * that as it is, through snapshots (--cow), and through snapshots of a program that gets the children of others.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/counting_program.h"
#include "src/test/c/support/work_folder.h"

#define CAPTURES 20
#define KILLS 100
#define WAIT_NS 3000000

enum way { PLAIN, SNAPSHOT, SNAPSHOT_OF_SUBREAPER };

/* ---- the program ---- */

/* What it puts up with, as docs/limits.md tells. */
struct tolerance {
    bool interruptions;     /* EINTR, when the inner ckpt is killed */
    bool unusual_children;  /* those that wait(2) does not see without __WALL */
};

static void complain(const char *what)
{
    fprintf(stderr, "the captured program: %s\n", what);
    _exit(1);
}

/* The kernel does not restart these by itself. EINTR may be seen only when the inner ckpt is killed in the moment
 * between the stop and the repair of the registers; signal(7) says that stop and continue do the same. */
static void *wait_for_events(void *tolerance)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    for (;;) {
        struct epoll_event event;
        uint64_t start = now();
        int count = epoll_wait(epoll, &event, 1, WAIT_NS / 1000000);
        if (count < 0 && errno == EINTR && ((struct tolerance *)tolerance)->interruptions)
            continue;
        if (count != 0)
            complain("epoll_wait did not time out");
        if (now() - start < WAIT_NS)
            complain("epoll_wait ended early");
    }
    return tolerance;
}

static void *sleep_again(void *unused)
{
    for (;;) {
        struct timespec wait = {0, WAIT_NS};
        uint64_t start = now();
        if (nanosleep(&wait, NULL) != 0)
            complain("nanosleep failed");
        if (now() - start < WAIT_NS)
            complain("nanosleep ended early");
    }
    return unused;
}

static void *calculate(void *unused)
{
    volatile uint64_t value = 1;
    for (;;)
        value = value * 6364136223846793005u + 1;
    return unused;
}

/* No snapshot may show, not as a signal and not as a child. */
static void *look_for_children(void *tolerance)
{
    int flags = ((struct tolerance *)tolerance)->unusual_children ? WNOHANG : WNOHANG | __WALL;
    for (;;) {
        struct timespec wait = {0, WAIT_NS / 10};
        if (waitpid(-1, NULL, flags) != -1 || errno != ECHILD)
            complain("it has a child");
        nanosleep(&wait, NULL);
    }
    return tolerance;
}

static void on_child(int signal)
{
    (void)signal;
    _exit(1);
}

static void run_program(int numbers, struct tolerance tolerance, bool subreaper)
{
    pthread_t thread;
    signal(SIGCHLD, on_child);
    prctl(PR_SET_CHILD_SUBREAPER, subreaper);
    pthread_create(&thread, NULL, look_for_children, &tolerance);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_create(&thread, NULL, wait_for_events, &tolerance);
    pthread_create(&thread, NULL, sleep_again, NULL);
    pthread_create(&thread, NULL, calculate, NULL);
    for (uint32_t number = 0;; number++) {
        struct timespec wait = {0, 500000};
        if (write(numbers, &number, sizeof(number)) != sizeof(number))
            complain("write failed");
        nanosleep(&wait, NULL);
    }
}

/* ---- the test ---- */

static struct subject start_program(enum way way, bool inner)
{
    int ends[2];
    if (pipe(ends) != 0)
        exit(1);
    struct subject subject = {.pid = fork(), .numbers = ends[0]};
    if (subject.pid == 0) {
        setpgid(0, 0);
        keep_only(ends[1]);
        dup2(ends[1], 1);
        close(ends[1]);
        run_program(1, (struct tolerance){inner, inner || way == SNAPSHOT_OF_SUBREAPER}, way == SNAPSHOT_OF_SUBREAPER);
    }
    close(ends[1]);
    take_numbers(&subject);
    return subject;
}

static pid_t start_ckpt(const char *ckpt, pid_t pid, enum way way)
{
    char number[16], output[WORK_PATH_BYTES];
    snprintf(number, sizeof(number), "%d", pid);
    work_path(output, "survival.dat");
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 2);
        execl(ckpt, "ckpt", "--pid", number, way == PLAIN ? "--continue" : "--cow", "-o", output, (char *)NULL);
        _exit(127);
    }
    return child;
}

static void captures_in_a_row_harm_nothing(const char *ckpt, enum way way)
{
    struct subject subject = start_program(way, false);
    for (int i = 0; i < CAPTURES; i++) {
        int status;
        waitpid(start_ckpt(ckpt, subject.pid, way), &status, 0);
        expect(status == 0, "a capture that goes on");
        take_numbers(&subject);
    }
    end_alive(&subject);
}

/* inner: kill the process that traces, as soon as it does; else the one that was started. */
static void killed_captures_harm_nothing(const char *ckpt, enum way way, bool inner)
{
    struct subject subject = start_program(way, inner);
    unsigned seed = (unsigned)getpid();
    fprintf(stderr, "seed %u\n", seed);
    for (int i = 0; i < KILLS; i++) {
        kill_ckpt(&subject, start_ckpt(ckpt, subject.pid, way), inner, &seed, inner ? 5000000 : 15000000);
        while (count_others(subject.pid, false)) /* copies, which the inner one may still read; else this never ends */
            take_numbers(&subject);
    }
    take_numbers(&subject);
    end_alive(&subject);
}

static int count_leftovers(const char *directory)
{
    int count = 0;
    DIR *entries = opendir(directory);
    for (struct dirent *entry; (entry = readdir(entries)); )
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                 strcmp(entry->d_name, "survival.dat") != 0;
    closedir(entries);
    return count;
}

int main(void)
{
    const char *ckpt = built_path("ckpt"), *directory = work_folder();
    char file[WORK_PATH_BYTES];
    for (enum way way = PLAIN; way <= SNAPSHOT_OF_SUBREAPER; way++) {
        captures_in_a_row_harm_nothing(ckpt, way);
        killed_captures_harm_nothing(ckpt, way, false);
        expect(count_leftovers(directory) == 0, "an orderly undo leaves no file");
        killed_captures_harm_nothing(ckpt, way, true);
        expect(count_leftovers(directory) == 0, "a sudden death leaves no file");
    }
    work_path(file, "survival.dat");
    unlink(file);
    expect(rmdir(directory) == 0, "the directory is empty");
    return failures ? 1 : 0;
}
