/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_TEST_TRACER_OF_H
#define UNDUMP_TEST_TRACER_OF_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The process that traces another one, 0 when there is none. In the moment of a detach it looks as if its parent did
 * (kernel/ptrace.c, __ptrace_unlink(): the parent is put back before the mark is taken away). */
static inline pid_t tracer_of(pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    const char *field = strstr(text, "TracerPid:");
    pid_t tracer = field ? (pid_t)strtol(field + 10, NULL, 10) : 0;
    return tracer == getpid() ? 0 : tracer;
}

#endif
