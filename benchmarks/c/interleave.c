/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interleave: runs several commands in turn, many times, and prints how long each run took.
 *
 *   interleave [-n ROUNDS] [-w WARM-UP ROUNDS] [-t SECONDS] [-b] [-u FILE]… [-s] -- COMMAND A… --- COMMAND B… [--- …]
 *
 * Prints a line "COMMAND-NUMBER NANOSECONDS" for each run. A run is posix_spawn (which is vfork and exec) to the end
 * of waitpid; with -b it is posix_spawn to the first byte that the command writes, after which it is killed.
 * -u unlinks FILE and -s writes dirty pages to the disk before each run, outside of the time taken.
 *
 * In turn and not one after the other, so that a slow moment of the machine meets all commands alike.
 * A command that fails, or that takes longer than -t seconds, ends the measurement with status 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_COMMANDS = 8, MAX_UNLINKS = 8 };

struct options {
    long rounds, warm_up, seconds;
    int first_byte, sync_disk;
    const char *unlinks[MAX_UNLINKS];
    int unlink_count;
    char **commands[MAX_COMMANDS];
    int command_count;
};

extern char **environ;

static int64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void on_alarm(int signal)
{
    (void)signal; /* its only use is to end a read or waitpid with EINTR */
}

static int wait_for_end(pid_t pid, int *ret_status)
{
    pid_t ended = waitpid(pid, ret_status, 0);
    if (ended == pid)
        return 0;
    int error = errno;
    kill(pid, SIGKILL);
    waitpid(pid, ret_status, 0);
    return error == EINTR ? -ETIMEDOUT : -error;
}

/* The time from spawn to the end of the command. */
static int time_to_end(char **command, posix_spawn_file_actions_t *actions, int64_t *ret_nanoseconds)
{
    pid_t pid;
    int status;
    int64_t start = nanoseconds_now();
    int error = posix_spawnp(&pid, command[0], actions, NULL, command, environ);
    if (error != 0)
        return -error;
    error = wait_for_end(pid, &status);
    *ret_nanoseconds = nanoseconds_now() - start;
    if (error != 0)
        return error;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

/* The time from spawn to the first byte of output, whose pipe is already set up by the caller. */
static int time_to_first_byte(char **command, posix_spawn_file_actions_t *actions, const int *pipe_ends,
                              int64_t *ret_nanoseconds)
{
    pid_t pid;
    int status;
    char byte;
    int64_t start = nanoseconds_now();
    int error = posix_spawnp(&pid, command[0], actions, NULL, command, environ);
    if (error != 0)
        return -error;
    close(pipe_ends[1]);
    ssize_t got = read(pipe_ends[0], &byte, 1);
    *ret_nanoseconds = nanoseconds_now() - start;
    error = got == 1 ? 0 : got == 0 ? -ECHILD : errno == EINTR ? -ETIMEDOUT : -errno;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return error;
}

static int run_once(const struct options *options, char **command, int64_t *ret_nanoseconds)
{
    posix_spawn_file_actions_t actions;
    int pipe_ends[2] = { -1, -1 };
    int error;
    for (int i = 0; i < options->unlink_count; i++)
        unlink(options->unlinks[i]);
    if (options->sync_disk)
        sync();
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    alarm((unsigned)options->seconds);
    if (options->first_byte) {
        if (pipe2(pipe_ends, O_CLOEXEC) != 0)
            return -errno;
        posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
        error = time_to_first_byte(command, &actions, pipe_ends, ret_nanoseconds);
        close(pipe_ends[0]);
    } else {
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        error = time_to_end(command, &actions, ret_nanoseconds);
    }
    alarm(0);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int measure(const struct options *options)
{
    for (long round = -options->warm_up; round < options->rounds; round++) {
        for (int i = 0; i < options->command_count; i++) {
            int64_t nanoseconds = 0;
            int error = run_once(options, options->commands[i], &nanoseconds);
            if (error != 0) {
                const char *reason = error == -ETIMEDOUT ? "took too long" :
                                     error == -ECHILD    ? "failed" :
                                                           strerror(-error);
                fprintf(stderr, "interleave: %s, run %ld: %s\n", options->commands[i][0], round, reason);
                return 1;
            }
            if (round >= 0)
                printf("%d %lld\n", i, (long long)nanoseconds);
        }
    }
    return 0;
}

static int split_commands(struct options *options, char **words)
{
    options->commands[options->command_count++] = words;
    for (char **word = words; *word != NULL; word++) {
        if (strcmp(*word, "---") != 0)
            continue;
        *word = NULL;
        if (options->command_count == MAX_COMMANDS)
            return -E2BIG;
        options->commands[options->command_count++] = word + 1;
    }
    for (int i = 0; i < options->command_count; i++)
        if (options->commands[i][0] == NULL)
            return -EINVAL;
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = { .rounds = 20, .warm_up = 1, .seconds = 60 };
    int option, usable = 1;
    while ((option = getopt(argc, argv, "+n:w:t:bsu:")) != -1) {
        switch (option) {
        case 'n': options.rounds = atol(optarg); break;
        case 'w': options.warm_up = atol(optarg); break;
        case 't': options.seconds = atol(optarg); break;
        case 'b': options.first_byte = 1; break;
        case 's': options.sync_disk = 1; break;
        case 'u':
            if (options.unlink_count < MAX_UNLINKS)
                options.unlinks[options.unlink_count++] = optarg;
            else
                usable = 0;
            break;
        default: usable = 0;
        }
    }
    if (!usable || split_commands(&options, argv + optind) != 0) {
        fprintf(stderr, "usage: interleave [-n ROUNDS] [-w ROUNDS] [-t SECONDS] [-b] [-s] [-u FILE]... -- COMMAND... "
                        "[--- COMMAND...]...\n");
        return 2;
    }
    struct sigaction action = { .sa_handler = on_alarm }; /* no SA_RESTART */
    sigaction(SIGALRM, &action, NULL);
    return measure(&options);
}
