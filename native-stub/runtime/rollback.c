/* SPDX-License-Identifier: Apache-2.0 */
/* Going back to a session: its image is executed in the place of this process. */
#define _GNU_SOURCE
#include "runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define FIRST_DESCRIPTOR 3 /* behind the standard ones, which stay */
#define TIMERS 3           /* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */

extern char **environ;

/* What exec would carry over, and what has to be given back when it fails. */
struct carried {
    int *fds;   /* had no FD_CLOEXEC */
    size_t count;
    struct sigaction actions[NSIG];
    struct itimerval timers[TIMERS]; /* setitimer(2): they outlive exec */
};

static int close_on_exec(struct carried *carried)
{
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;
    if (!directory)
        return -errno;
    while ((entry = readdir(directory))) {
        int fd = atoi(entry->d_name), flags = fcntl(fd, F_GETFD);
        if (entry->d_name[0] == '.' || fd < FIRST_DESCRIPTOR || fd == dirfd(directory) || flags < 0 || (flags & FD_CLOEXEC))
            continue;
        int *grown = realloc(carried->fds, (carried->count + 1) * sizeof(int));
        if (!grown || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0) {
            closedir(directory);
            return -ENOMEM;
        }
        carried->fds = grown;
        grown[carried->count++] = fd;
    }
    closedir(directory);
    return 0;
}

static void do_nothing(int signal)
{
    (void)signal;
}

/* A launch takes ignored signals for nohup(1)'s doing. These are the program's own, of which the session has others. exec makes
 * the default of a handler; the default itself could end the program right now, while its other threads still run. */
static void forget_ignored_signals(struct carried *carried)
{
    for (int signal = 1; signal < NSIG; signal++) {
        struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
        if (sigaction(signal, NULL, &carried->actions[signal]) == 0 && carried->actions[signal].sa_handler == SIG_IGN)
            sigaction(signal, &action, NULL);
    }
}

static void give_back(struct carried *carried)
{
    for (size_t i = 0; i < carried->count; i++)
        fcntl(carried->fds[i], F_SETFD, fcntl(carried->fds[i], F_GETFD) & ~FD_CLOEXEC);
    for (int signal = 1; signal < NSIG; signal++)
        if (carried->actions[signal].sa_handler == SIG_IGN)
            sigaction(signal, &carried->actions[signal], NULL);
    for (int timer = 0; timer < TIMERS; timer++)
        setitimer(timer, &carried->timers[timer], NULL);
}

/* All that the file has. Its bytes are any: no byte could be its end for getdelim(3). */
static char *read_all(const char *path, size_t *ret_length)
{
    char *text = NULL;
    size_t length = 0, got = 1;
    FILE *file = fopen(path, "re");
    while (file && got) {
        char *grown = realloc(text, length + BUFSIZ);
        if (!grown)
            break;
        text = grown;
        got = fread(text + length, 1, BUFSIZ, file);
        length += got;
    }
    if (file)
        fclose(file);
    *ret_length = length;
    return text;
}

/* As ps shows this process now. Ends with NULL; NULL when there is no /proc. */
static char **own_arguments(void)
{
    size_t length, count = 0;
    char *text = read_all("/proc/self/cmdline", &length);
    for (size_t i = 0; i < length; i++)
        count += text[i] == '\0';
    char **arguments = count ? calloc(count + 1, sizeof(char *)) : NULL;
    if (!arguments) {
        free(text);
        return NULL;
    }
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        arguments[i] = text;
    return arguments; /* of a process that is about to end */
}

static int become(const char *session, const char *image)
{
    static const struct itimerval off;
    struct carried carried = {0};
    char *plain[] = {(char *)image, NULL};
    char **arguments = own_arguments();
    int error = close_on_exec(&carried);
    forget_ignored_signals(&carried);
    for (int timer = 0; timer < TIMERS; timer++)
        setitimer(timer, &off, &carried.timers[timer]);
    if (error == 0) {
        execve(image, arguments ? arguments : plain, environ);
        error = -errno;
    }
    give_back(&carried);
    free(carried.fds);
    if (arguments)
        free(arguments[0]);
    free(arguments);
    return fail(error, "going back to session %s: %s: %s", session, image, strerror(-error));
}

int undump_rollback(const char *session)
{
    char image[SESSION_PATH_BYTES];
    forget_failure();
    int error = engine_take();
    if (error < 0)
        return error;
    error = session_image(session, image);
    if (error == 0)
        error = become(session, image);
    engine_leave();
    return error;
}
