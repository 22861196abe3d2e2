// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a server and writes one byte when it has answered its first HTTP request with 200, then ends it.
 * Usage: first-answer PORT PATH PROGRAM ARGUMENTS…; the server's output is dropped. Status 0, or 1 with a line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NANOSECONDS 100000 /* between two tries to connect */

extern char **environ;

static int fail(const char *what)
{
    fprintf(stderr, "first-answer: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

/* Whether the server answers; what comes behind the status line is left alone. */
static bool answers(const struct sockaddr_in *address, const char *request)
{
    static const char good[] = "HTTP/1.1 200";
    char answer[sizeof(good)] = "";
    size_t length = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
        send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request)) {
        while (length < sizeof(good) - 1) {
            ssize_t count = read(fd, answer + length, sizeof(good) - 1 - length);

            if (count <= 0)
                break;
            length += (size_t)count;
        }
    }
    if (fd >= 0)
        close(fd);
    return strcmp(answer, good) == 0;
}

static int start(char **command, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int result;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    result = posix_spawnp(ret_pid, command[0], &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timespec pause = {.tv_nsec = PAUSE_NANOSECONDS};
    char request[512];
    bool answered = false;
    int status;
    pid_t pid;

    if (argc < 4 || atoi(argv[1]) <= 0 || strlen(argv[2]) > sizeof(request) / 2) {
        fprintf(stderr, "usage: first-answer PORT PATH PROGRAM ARGUMENTS…\n");
        return 2;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", argv[2]);
    errno = start(argv + 3, &pid);
    if (errno != 0)
        return fail(argv[3]);
    while (!(answered = answers(&address, request)) && waitpid(pid, &status, WNOHANG) == 0)
        nanosleep(&pause, NULL);
    if (!answered) {
        fprintf(stderr, "first-answer: %s ended without an answer\n", argv[3]);
        return EXIT_FAILURE;
    }
    if (write(STDOUT_FILENO, "a", 1) != 1)
        return fail("writing");
    kill(pid, SIGKILL);
    return waitpid(pid, &status, 0) == pid ? EXIT_SUCCESS : fail("waiting");
}
