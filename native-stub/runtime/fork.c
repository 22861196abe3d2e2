/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <sys/wait.h>

/* A child that was begun and could not be completed is dead already, and this process's to wait for. */
static void reap_incomplete(pid_t child)
{
    while (child > 0 && waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
        ;
}

pid_t undump_fork(void)
{
    static const char *const words[] = {"--fork"};
    forget_failure();
    int error = engine_take();
    if (error < 0)
        return error;
    launch_record.child = 0;
    int state = engine_ask(words, sizeof(words) / sizeof(words[0]));
    pid_t child = launch_record.child;
    if (state < 0)
        reap_incomplete(child);
    engine_leave();
    return state < 0 ? state : state == IMAGE_LAUNCH_CHILD ? 0 : child;
}
