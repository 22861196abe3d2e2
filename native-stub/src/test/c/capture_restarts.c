/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program is captured again and again without a pause, so that its threads are inside of restart_syscall(2), or just
 * about to make that call. Every checkpoint must name the call that each of them is really in: restart_syscall ends at
 * once in another process.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "checkpoint_format.h"

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/work_folder.h"

#define CAPTURES 12
#define LONG_S 1000

/* All through syscall(2): the code in front of the instruction says nothing. */
static struct timespec wait_time = {LONG_S, 0}, rest;
static int word;
static char nothing;

static const struct wait {
    long number;
    long arguments[4];
} waits[] = {
    {SYS_nanosleep, {(long)&wait_time, 0}},
    {SYS_nanosleep, {(long)&wait_time, (long)&rest}},
    {SYS_clock_nanosleep, {CLOCK_REALTIME, 0, (long)&wait_time, 0}},
    {SYS_clock_nanosleep, {CLOCK_MONOTONIC, 0, (long)&wait_time, (long)&rest}},
    {SYS_clock_nanosleep, {CLOCK_PROCESS_CPUTIME_ID, 0, (long)&wait_time, 0}},
    {SYS_poll, {(long)&nothing, 0, LONG_S * 1000}},
    {SYS_futex, {(long)&word, FUTEX_WAIT_PRIVATE, 0, (long)&wait_time}},
};
enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

static pid_t tids[WAITS];
static pthread_barrier_t all_have_said_who_they_are;

static void *wait_long(void *argument)
{
    const struct wait *wait = argument;
    tids[wait - waits] = (pid_t)syscall(SYS_gettid);
    pthread_barrier_wait(&all_have_said_who_they_are);
    syscall(wait->number, wait->arguments[0], wait->arguments[1], wait->arguments[2], wait->arguments[3]);
    _exit(1); /* none of them ends in time */
}

static void run_program(int report)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_barrier_init(&all_have_said_who_they_are, NULL, WAITS + 1);
    for (int i = 0; i < WAITS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, wait_long, (void *)(uintptr_t)&waits[i]) != 0)
            _exit(1);
    }
    pthread_barrier_wait(&all_have_said_who_they_are);
    if (write(report, tids, sizeof(tids)) != sizeof(tids))
        _exit(1);
    close_range(3, ~0U, 0); /* what the test inherited is no business of the program's */
    for (;;)
        pause();
}

/* Fills tids. */
static pid_t start_program(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        err(1, "pipe");
    pid_t child = fork();
    if (child == 0)
        run_program(ends[1]);
    close(ends[1]);
    if (read(ends[0], tids, sizeof(tids)) != sizeof(tids))
        errx(1, "the program did not start");
    close(ends[0]);
    return child;
}

static bool capture(pid_t pid, const char *file)
{
    char number[16];
    int status;
    snprintf(number, sizeof(number), "%d", pid);
    pid_t child = fork();
    if (child == 0) {
        const char *ckpt = built_path("ckpt");
        execl(ckpt, "ckpt", "--pid", number, "--continue", "-o", file, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

/* Returns the bytes of the file; the caller frees them. */
static uint8_t *read_file(const char *file)
{
    struct stat status;
    int fd = open(file, O_RDONLY);
    uint8_t *bytes = fd >= 0 && fstat(fd, &status) == 0 ? malloc((size_t)status.st_size) : NULL;
    if (bytes == NULL || read(fd, bytes, (size_t)status.st_size) != status.st_size)
        err(1, "%s", file);
    close(fd);
    return bytes;
}

static const struct ckpt_thread *find_thread(const uint8_t *bytes, pid_t tid)
{
    const struct ckpt_header *header = (const void *)bytes;
    const struct ckpt_section *sections = (const void *)(bytes + header->index_offset);
    for (uint32_t i = 0; i < header->section_count; i++) {
        const struct ckpt_thread *threads = (const void *)(bytes + sections[i].offset);
        for (uint64_t k = 0; sections[i].kind == CKPT_SECTION_THREADS && k < sections[i].count; k++)
            if (threads[k].tid == (uint32_t)tid)
                return &threads[k];
    }
    return NULL;
}

static void check_calls(const char *file, int round)
{
    uint8_t *bytes = read_file(file);
    for (int i = 0; i < WAITS; i++) {
        const struct ckpt_thread *thread = find_thread(bytes, tids[i]);
        if (thread && thread->in_syscall && thread->syscall_number == waits[i].number)
            continue;
        failures++;
        fprintf(stderr, "failed: checkpoint %d says call %lld (%s) where %ld waits (wait %d)\n", round,
                thread ? (long long)thread->syscall_number : -1, thread && thread->in_syscall ? "inside" : "outside",
                waits[i].number, i);
    }
    free(bytes);
}

int main(void)
{
    char file[WORK_PATH_BYTES];
    work_path(file, "saved");
    pid_t child = start_program();
    usleep(100000); /* before the first capture each should wait; from then on nothing is left to chance */
    for (int round = 0; round < CAPTURES && failures == 0; round++) {
        bool captured = capture(child, file);
        expect(captured, "ckpt gives a checkpoint");
        if (captured)
            check_calls(file, round);
    }
    expect(waitpid(child, NULL, WNOHANG) == 0, "all wait on");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return failures != 0;
}
