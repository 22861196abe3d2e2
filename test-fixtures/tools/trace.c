/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces a process without stopping it, as a debugger would, until stdin ends: trace PID. Says "tracing" when it does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <unistd.h>

int main(int argc, char **argv) {
    char byte;
    if (argc != 2) {
        fputs("usage: trace PID\n", stderr);
        return 2;
    }
    if (ptrace(PTRACE_SEIZE, (pid_t)atoi(argv[1]), 0L, 0L) < 0) {
        perror("trace: PTRACE_SEIZE");
        return 1;
    }
    puts("tracing");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0; /* the kernel lets go of the process */
}
