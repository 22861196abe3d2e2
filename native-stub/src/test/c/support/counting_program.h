/* SPDX-License-Identifier: Apache-2.0 */
/* A program that writes 0, 1, 2, … into a pipe while a ckpt works on it that is killed; and how tests look at the two. */
#ifndef UNDUMP_TEST_COUNTING_PROGRAM_H
#define UNDUMP_TEST_COUNTING_PROGRAM_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/expect.h"
#include "src/test/c/support/tracer_of.h"

struct subject {
    pid_t pid;
    int numbers;
    uint32_t next;
    bool may_repeat; /* a child was in the middle of writing when it was forked */
};

static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Of the process that becomes the program: pipes that the test's own starter left open are not its business. */
static inline void keep_only(int wanted)
{
    for (int fd = 3; fd < 256; fd++)
        if (fd != wanted)
            close(fd);
}

/* Takes what the program has written; every number has to be the next one. Waits for at least one. */
static inline void take_numbers(struct subject *subject)
{
    uint32_t numbers[4096];
    ssize_t size = read(subject->numbers, numbers, sizeof(numbers));
    if (size <= 0) {
        fprintf(stderr, "failed: the program has ended\n");
        exit(1);
    }
    for (ssize_t i = 0; i < size / (ssize_t)sizeof(*numbers); i++) {
        bool again = subject->may_repeat && numbers[i] < subject->next;
        expect(numbers[i] == subject->next || again, "numbers are complete and in order");
        subject->next += !again;
    }
}

static inline void end_alive(struct subject *subject)
{
    int status;
    expect(waitpid(subject->pid, &status, WNOHANG) == 0, "the program is alive");
    kill(subject->pid, SIGKILL);
    waitpid(subject->pid, &status, 0);
    close(subject->numbers);
}

static inline bool is_zombie(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *name_end = size > 0 ? strrchr(text, ')') : NULL;
    return !name_end || name_end[2] == 'Z';
}

/* Processes of the program's group, but for itself. */
static inline int count_others(pid_t program, bool with_zombies)
{
    int others = 0;
    DIR *entries = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(entries)); ) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        others += pid > 0 && pid != program && getpgid(pid) == program && (with_zombies || !is_zombie(pid));
    }
    closedir(entries);
    return others;
}

static inline void pause_random(unsigned *seed, long longest_ns)
{
    struct timespec wait = {0, rand_r(seed) % longest_ns};
    nanosleep(&wait, NULL);
}

/* Kills the ckpt that was started, or (inner) the process that traces, as soon as it does; and waits until nobody does. */
static inline void kill_ckpt(struct subject *subject, pid_t outer, bool inner, unsigned *seed, long longest_ns)
{
    pid_t victim = inner ? 0 : outer;
    if (inner)
        for (int look = 0; look < 10000 && !victim && waitpid(outer, NULL, WNOHANG) == 0; look++)
            victim = tracer_of(subject->pid);
    pause_random(seed, longest_ns);
    if (victim)
        kill(victim, SIGKILL);
    waitpid(outer, NULL, 0);
    take_numbers(subject);
    while (tracer_of(subject->pid)) /* the inner one undoes what it has begun */
        take_numbers(subject);
}

#endif
