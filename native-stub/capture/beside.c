/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc_files.h"

#define FIRST_DESCRIPTOR 3 /* behind the standard ones */
#define LINE_BYTES (PATH_MAX + 64)

static const char ASK[] = "capture\n";

/* ---- splitting ---- */

/* What closes itself at execution was not meant for the program. */
static int note_given(struct beside *beside)
{
    AUTO_FREE pid_t *numbers = NULL;
    size_t count;
    int error = list_proc_numbers(&numbers, &count, "self/fd");
    if (error < 0)
        return error;
    beside->given = calloc(count + 1, sizeof(*beside->given)); /* for the rest of the process's life */
    if (!beside->given)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        int flags = fcntl(numbers[i], F_GETFD);
        if (flags < 0 || flags & FD_CLOEXEC || fstat(numbers[i], &status) < 0)
            continue;
        beside->given[beside->given_count++] = (struct given_file){status.st_dev, status.st_ino};
    }
    return 0;
}

/* The tracer holds nothing of the program's: whoever reads its output finds the end when the program has ended. */
static int let_go(const char *log, int *talk)
{
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int output = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    int own = fcntl(*talk, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR);
    if (input < 0 || output < 0 || own < 0 || (input = fcntl(input, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)) < 0 ||
        (output = fcntl(output, F_DUPFD_CLOEXEC, FIRST_DESCRIPTOR)) < 0 || dup2(input, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        return -errno;
    /* The numbers behind the standard ones are free for the channel only when all others are closed. */
    if (dup3(own, FIRST_DESCRIPTOR, O_CLOEXEC) < 0 && own != FIRST_DESCRIPTOR)
        return -errno;
    *talk = FIRST_DESCRIPTOR;
    return syscall(SYS_close_range, FIRST_DESCRIPTOR + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* Returns the descriptor behind which the program waits; ends when it cannot be a tracer. */
static int become_tracer(struct beside *beside, const struct options *options, int talk)
{
    pid_t self = getpid();
    char go;
    int error = note_given(beside);
    if (error == 0)
        error = let_go(options->log, &talk);
    setsid(); /* what a terminal sends to the program's group is not meant for this one */
    if (error == 0 && (write(talk, &self, sizeof(self)) != sizeof(self) || read(talk, &go, 1) != 1))
        error = -EIO;
    if (error == 0)
        return talk;
    fprintf(stderr, "ckpt: standing beside %s: %s\n", options->program[0], strerror(-error));
    exit(EXIT_FAILURE);
}

int beside_go_on(int talk)
{
    int error = write(talk, "", 1) == 1 ? 0 : -errno;
    close(talk);
    return error;
}

/* Where only ancestors may trace, the program names its tracer (Yama), until that has begun. */
static void await_tracer(int talk)
{
    pid_t tracer;
    char done;
    if (read(talk, &tracer, sizeof(tracer)) != sizeof(tracer))
        return;
    bool named = prctl(PR_SET_PTRACER, (unsigned long)tracer, 0, 0, 0) == 0;
    if (write(talk, "", 1) == 1 && read(talk, &done, 1) < 0)
        return;
    if (named)
        prctl(PR_SET_PTRACER, 0, 0, 0, 0);
}

/* Nothing of the split shows in what becomes the program. */
static void forget_child(pid_t middle)
{
    const struct timespec now = {0, 0};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    while (waitpid(middle, NULL, 0) < 0 && errno == EINTR)
        ;
    sigtimedwait(&child, NULL, &now); /* it is blocked, and would come when the program takes it */
}

int beside_split(struct beside *beside, const struct options *options, const sigset_t *before, pid_t *ret_program)
{
    int talk[2];
    pid_t program = getpid();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, talk) == 0) {
        pid_t middle = fork();
        if (middle == 0) {
            pid_t tracer = fork();
            if (tracer != 0)
                _exit(0);
            signal(SIGPIPE, SIG_IGN);
            signal(SIGCHLD, SIG_DFL); /* where it is ignored, no child can be waited for */
            close(talk[0]);
            *ret_program = program;
            return become_tracer(beside, options, talk[1]);
        }
        close(talk[1]);
        if (middle > 0) {
            forget_child(middle);
            await_tracer(talk[0]);
        }
        close(talk[0]);
    }
    sigprocmask(SIG_SETMASK, before, NULL);
    return -1;
}

/* ---- the helper ---- */

static void run_helper(const struct options *options, int channel)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(channel, STDIN_FILENO) >= 0 && dup2(channel, STDOUT_FILENO) >= 0)
        execv(options->helper[0], options->helper);
    fprintf(stderr, "ckpt: running %s: %s\n", options->helper[0], strerror(errno));
    _exit(EXIT_FAILURE);
}

int beside_start_helper(struct beside *beside, const struct options *options)
{
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
        return -errno;
    beside->helper = fork();
    if (beside->helper == 0)
        run_helper(options, channel[1]);
    close(channel[1]);
    beside->channel = channel[0];
    if (beside->helper < 0 || fcntl(channel[0], F_SETOWN, getpid()) < 0 || fcntl(channel[0], F_SETFL, O_ASYNC | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

bool beside_asked(const struct beside *beside, bool *ret_gone)
{
    char text[sizeof(ASK)] = "";
    ssize_t length = recv(beside->channel, text, sizeof(text) - 1, MSG_DONTWAIT);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        *ret_gone = true;
    return length > 0 && memcmp(text, ASK, (size_t)length < sizeof(ASK) ? (size_t)length : sizeof(ASK)) == 0;
}

static void tell(const struct beside *beside, const char *word, const char *rest)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof(line) - 1, "%s%s%s", word, *rest ? " " : "", rest);
    if (length > (int)sizeof(line) - 2)
        length = (int)sizeof(line) - 2;
    for (int i = 0; i < length; i++)
        if (line[i] == '\n')
            line[i] = ' ';
    line[length++] = '\n';
    if (beside->channel >= 0)
        send(beside->channel, line, (size_t)length, MSG_NOSIGNAL);
}

void beside_tell_captured(const struct beside *beside, const char *file)
{
    tell(beside, "captured", file);
}

void beside_tell_failed(const struct beside *beside, const struct report *report)
{
    tell(beside, "failed", report->count > 0 && report->lines[0] ? report->lines[0] : "out of memory");
}

void beside_tell_ended(const struct beside *beside)
{
    tell(beside, "ended", "");
}
