/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "peek_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

bool set_peek_offset(int fd, int offset)
{
    return setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) == 0;
}

static _Noreturn void be_guard(int fd, int offset, const int ends[2])
{
    char byte;
    setsid();
    close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
        ;
    set_peek_offset(fd, offset);
    _exit(0);
}

int guard_peek_offset(struct peek_guard *guard, int fd, int offset)
{
    sigset_t all, before;
    int ends[2];
    *guard = (struct peek_guard){.fd = fd, .offset = offset, .alive = -1};
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before); /* what comes for us is no business of the guard's */
    guard->pid = (pid_t)syscall(SYS_clone, 0, 0, 0, 0, 0); /* a fork whose end sends no signal: SIGCHLD tells of the program */
    if (guard->pid == 0)
        be_guard(fd, offset, ends);
    int error = guard->pid < 0 ? -errno : 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    if (error < 0)
        close(ends[1]);
    else
        guard->alive = ends[1];
    return error;
}

void end_peek_guard(struct peek_guard *guard)
{
    set_peek_offset(guard->fd, guard->offset);
    close(guard->alive);
    while (waitpid(guard->pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
}
