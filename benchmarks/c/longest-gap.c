/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longest-gap: reads the clock all the time and keeps the longest moment in which it could not: how long a capture
 * froze it. SIGUSR1 makes it print that moment in nanoseconds and begin anew. It ends when its parent has ended.
 *
 * argv: MiB of memory with every page written
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static volatile sig_atomic_t asked;

static void on_question(int signal)
{
    (void)signal;
    asked = 1;
}

static int64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    size_t words = (argc > 1 ? (size_t)atol(argv[1]) : 64) << 17;
    uint64_t *memory = malloc(words * sizeof *memory);
    if (memory == NULL) {
        perror("longest-gap");
        return 1;
    }
    for (size_t i = 0; i < words; i++)
        memory[i] = i + 1;
    struct sigaction action = { .sa_handler = on_question };
    sigaction(SIGUSR1, &action, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    printf("READY\n");
    fflush(stdout);
    int64_t longest = 0;
    for (int64_t before = nanoseconds_now(), now;; before = now) {
        now = nanoseconds_now();
        if (now - before > longest)
            longest = now - before;
        if (!asked)
            continue;
        asked = 0;
        printf("%lld\n", (long long)longest);
        fflush(stdout);
        longest = 0;
        now = nanoseconds_now();
    }
}
