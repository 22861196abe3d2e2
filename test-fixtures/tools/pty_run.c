/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program on a new pseudo terminal and copies its own stdin to it and its output to stdout:
 *
 *   pty_run PROGRAM ARGS…
 *
 * Three processes, because the kernel stops no program by Ctrl-Z whose parent is in another session:
 * this one holds the terminal's master, a leader of the new session plays the shell, the program is
 * its foreground job. The leader says "pid N" on stderr first and "stopped N" when the program stops
 * by signal N; a stopped program is continued when this process gets SIGUSR1. Ends with the
 * program's status, 128 + N for death by signal N. The terminal has 24 rows of 80 characters, or PTY_SIZE=ROWSxCOLUMNS.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child; /* of this process: the leader, or in the leader: the program */

static void pass_on(int signal_number) {
    int saved = errno;
    kill(child, signal_number);
    errno = saved;
}

static void continue_job(int signal_number) {
    (void)signal_number;
    int saved = errno;
    kill(-child, SIGCONT);
    errno = saved;
}

static void handle_usr1(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
}

static void exec_job(char **command) {
    setpgid(0, 0);
    tcsetpgrp(STDIN_FILENO, getpid());
    signal(SIGTTOU, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

/* The leader's life: one job in the foreground until it ends. */
static void lead(char **command, int report) {
    signal(SIGTTOU, SIG_IGN); /* so that tcsetpgrp works from the background */
    child = fork();
    if (child == 0)
        exec_job(command);
    setpgid(child, child);
    tcsetpgrp(STDIN_FILENO, child);
    handle_usr1(continue_job);
    dprintf(report, "pid %d\n", (int)child);
    for (;;) {
        int status;
        pid_t found = waitpid(child, &status, WUNTRACED);
        if (found < 0 && errno == EINTR)
            continue;
        if (found == child && WIFSTOPPED(status)) {
            dprintf(report, "stopped %d\n", WSTOPSIG(status));
            continue;
        }
        _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
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

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: pty_run PROGRAM ARGS...\n");
        return 2;
    }
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    const char *wanted = getenv("PTY_SIZE");
    if (wanted && sscanf(wanted, "%hux%hu", &size.ws_row, &size.ws_col) != 2) {
        fprintf(stderr, "pty_run: PTY_SIZE=%s is no ROWSxCOLUMNS\n", wanted);
        return 2;
    }
    int master, report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
    child = forkpty(&master, NULL, NULL, &size);
    if (child == 0)
        lead(argv + 1, report);
    close(report);
    handle_usr1(pass_on);
    struct pollfd ends[] = {{.fd = master, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    int status;
    while (waitpid(child, &status, WNOHANG) != child) {
        if (poll(ends, 2, 20) <= 0)
            continue;
        if ((ends[0].revents & (POLLIN | POLLHUP)) && copy(master, STDOUT_FILENO) < 0)
            ends[0].fd = -1;
        if ((ends[1].revents & (POLLIN | POLLHUP)) && copy(STDIN_FILENO, master) < 0)
            ends[1].fd = -1;
    }
    while (ends[0].fd >= 0 && poll(ends, 1, 0) > 0 && copy(master, STDOUT_FILENO) == 0)
        ;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
