/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forks a running program with all of its threads, from outside: undump_fork() of undump.h.
 *
 * While all threads stand, the main thread makes a child by the plain fork of the kernel, which is traced from its first moment
 * and never runs by itself. The parent goes on at once, but for the thread that called, which is told how it ended. In the
 * child, the main thread makes the other threads; each gets what the kernel keeps for it (fork_child.c), its registers, the
 * system call that it was in made again or waited for on (fork_waits.c), and the new ids take the place of the old ones in the
 * child's memory (thread_ids.h). Only then all of them are let go.
 *
 * Rule: kill -9 of the engine at any moment must leave the parent unharmed, and no half of a child. As told in inject.h, the
 * parent's thread returns into a signal frame, first to a wait4 for the child, which returns to an exit_group; from the first
 * moment after its birth the child dies with the engine (PTRACE_O_EXITKILL) until it is let go.
 */
#ifndef UNDUMP_CAPTURE_FORK_H
#define UNDUMP_CAPTURE_FORK_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "caller.h"
#include "report.h"

struct fork_request {
    pid_t pid;
    const struct caller *caller; /* who asked and waits for the answer, met already; NULL: nobody */
    const sigset_t *give_up; /* as in capture.h */
};

struct fork_outcome {
    pid_t child;         /* as seen from here */
    uint32_t threads;
    uint64_t stopped_ns; /* how long the parent stood still */
    uint64_t forked_ns;  /* how long the thread that called did */
};

/* Forks request->pid. Returns 0 and fills ret, or -errno with at least one line in report; the caller is answered. SIGCHLD is
 * blocked meanwhile, as in capture_program(). */
int fork_program(const struct fork_request *request, struct fork_outcome *ret, struct report *report);

#endif
