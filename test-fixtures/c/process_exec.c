/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Executed by a thread that is not the main one, which then becomes it; child processes of every kind are traced by
 * nobody. */

enum { STACK = 65536, THREADS = 3, UNTRACED = 42 };

static char stack[STACK];

static int look_for_tracer(void *argument) {
    (void)argument;
    char line[256];
    int tracer = -1;
    for (int looks = 0; looks < 100; looks++) { /* in the first moment it may be */
        FILE *status = fopen("/proc/self/status", "re");
        while (status && fgets(line, sizeof(line), status))
            sscanf(line, "TracerPid: %d", &tracer);
        if (status)
            fclose(status);
        if (tracer == 0)
            return UNTRACED;
        sched_yield();
    }
    return 1;
}

static void expect_untraced(pid_t child) {
    int status;
    CHECK_EQ(waitpid((pid_t)MUST(child), &status, __WALL), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == UNTRACED, "a child process ended with %x", (unsigned)status);
}

static void *execute_again(void *program) {
    char *arguments[] = {program, NULL};
    setenv("EXECUTED", "1", 1);
    execv("/proc/self/exe", arguments);
    fail("execv: errno %d", errno);
}

static void *idle(void *argument) {
    for (;;)
        pause();
    return argument;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a program that a thread executed, and that had child processes");
    if (!getenv("EXECUTED")) {
        for (int i = 0; i < THREADS; i++)
            start_thread(idle, NULL);
        start_thread(execute_again, argv[0]);
        idle(NULL);
    }
    signal(SIGUSR1, SIG_IGN);
    pid_t child = fork();
    if (child == 0)
        _exit(look_for_tracer(NULL));
    expect_untraced(child);
    expect_untraced(clone(look_for_tracer, stack + STACK, 0, NULL));
    expect_untraced(clone(look_for_tracer, stack + STACK, SIGUSR1, NULL));
    CHECK_EQ(system("exit 7"), 7 << 8);

    ready_and_wait();

    CHECK_EQ(system("exit 8"), 8 << 8);
    pass();
}
