/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program on a new pseudo terminal and copies its own stdin to it and its output to stdout:
 *
 *   pty_run PROGRAM ARGS…
 *
 * Says "pid N" on stderr first, "stopped N" when the program stops (signal N); the program is
 * continued when this process gets SIGUSR1. Ends with the program's status, 128 + N for a signal.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child;

static void on_continue(int signal_number) {
    (void)signal_number;
    int saved = errno;
    kill(-child, SIGCONT);
    errno = saved;
}

static int copy(int from, int to) {
    char bytes[4096];
    ssize_t count = read(from, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR)
        return 0;
    if (count <= 0)
        return -1;
    return write(to, bytes, (size_t)count) == count ? 0 : -1;
}

/* Gives the exit status once the program has ended, -1 before. */
static int reap(void) {
    int status;
    if (waitpid(child, &status, WNOHANG | WUNTRACED) != child)
        return -1;
    if (WIFSTOPPED(status)) {
        fprintf(stderr, "stopped %d\n", WSTOPSIG(status));
        return -1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: pty_run PROGRAM ARGS...\n");
        return 2;
    }
    int master;
    child = forkpty(&master, NULL, NULL, NULL);
    if (child == 0) {
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    struct sigaction action = {.sa_handler = on_continue};
    sigaction(SIGUSR1, &action, NULL);
    fprintf(stderr, "pid %d\n", (int)child);
    struct pollfd ends[] = {{.fd = master, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    int status;
    while ((status = reap()) < 0) {
        if (poll(ends, 2, 20) <= 0)
            continue;
        if ((ends[0].revents & (POLLIN | POLLHUP)) && copy(master, STDOUT_FILENO) < 0)
            ends[0].fd = -1;
        if ((ends[1].revents & (POLLIN | POLLHUP)) && copy(STDIN_FILENO, master) < 0)
            ends[1].fd = -1;
    }
    while (poll(ends, 1, 0) > 0 && copy(master, STDOUT_FILENO) == 0)
        ;
    return status;
}
