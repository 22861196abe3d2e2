/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start(const struct observation *observation, int output, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    int error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    error = posix_spawn(ret_pid, observation->image, &actions, NULL, observation->arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Waits for the first byte, or for the end of all that could write one. Returns whether there was a byte, -1 at the limit. */
static int first_byte(int input, uint64_t deadline_ns)
{
    struct pollfd waiting = {.fd = input, .events = POLLIN};
    uint64_t now = observe_now_ns();

    while (now < deadline_ns) {
        uint64_t left = deadline_ns - now;
        struct timespec limit = {(time_t)(left / 1000000000), (long)(left % 1000000000)};

        if (ppoll(&waiting, 1, &limit, NULL) > 0)
            return (waiting.revents & POLLIN) != 0;
        now = observe_now_ns();
    }
    return -1;
}

int observe_time(const struct observation *observation)
{
    int ends[2], status, error;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return observe_failed(observation, "making a pipe for", observation->image);
    fprintf(observation->report, "cached-before %" PRIu64 "\n", page_cache_bytes(observation->image_fd));
    close(observation->image_fd);
    uint64_t before = observe_now_ns();
    error = start(observation, ends[1], &pid);
    close(ends[1]);
    if (error != 0) {
        errno = error;
        return observe_failed(observation, "running", observation->image);
    }
    int byte = first_byte(ends[0], before + observation->limit_ns);
    uint64_t duration = observe_now_ns() - before;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    if (byte == 1 || byte < 0)
        fprintf(observation->report, "ended stopped\n");
    else
        fprintf(observation->report, WIFEXITED(status) ? "ended exited %d\n" : "ended killed %d\n",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    fprintf(observation->report, "nanoseconds %" PRIu64 "\noutput %d\n", duration, byte == 1);
    return 0;
}
