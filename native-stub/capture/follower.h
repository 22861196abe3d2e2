/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Following a program from its start for the files that it looks at: ckpt --inputs traced.
 *
 * ckpt is the tracer of all threads of its program anyway. While it follows, it lets them go on by PTRACE_SYSCALL, so that they stand
 * for a moment at the entry and at the exit of each system call; children that they make are traced as well, for their files only.
 * Nothing is left behind: when the program goes on after its checkpoint it is let go by PTRACE_CONT, as without, and the
 * children are detached.
 *
 * What it costs: two stops for every call of whatever kind, for the kernel cannot be told to leave some out: PTRACE_CONT at an
 * entry gives up the calls behind it, too. A seccomp filter with SECCOMP_RET_TRACE would stop at the calls about files alone, but it
 * outlives its tracer: the program and its children would keep it for good, calls that it names would fail with ENOSYS when ckpt is
 * gone, set-user-ID programs would not work (no_new_privs), and the checkpoint would have it. The exits of other calls are not looked
 * at. docs/inputs.md has the figures.
 */
#ifndef UNDUMP_CAPTURE_FOLLOWER_H
#define UNDUMP_CAPTURE_FOLLOWER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracing.h"

struct follower;
struct inputs;

/* Begins when program, which is seized with these options, executes something else. NULL when memory ran out. */
struct follower *follower_new(pid_t program);
void follower_free(struct follower *follower);

/* PTRACE_O_*, of a program that ckpt runs; follower may be NULL. */
uintptr_t follower_options(const struct follower *follower);

struct inputs *follower_inputs(struct follower *follower);

/* Takes care of a stop, or of an end, if it is about files or of a child: the thread goes on. Returns false when the caller has
 * to, because it is a signal, a stop of job control or an event of a thread of the program, or the end of the program. */
bool follower_takes(struct follower *follower, pid_t tid, const struct stop *stop);

/* Lets a thread of the program go on. */
void follower_resume(struct follower *follower, pid_t tid, int signal);

/* Whether there are children, whose stops have to be served while others are waited for; and does that. */
bool follower_has_children(const struct follower *follower);
void follower_serve(struct follower *follower);

/* The program is about to go on after its checkpoint: threads are let go for good from here on, children detached. */
void follower_end(struct follower *follower);

/* Whether it has, so that what the program did since is not known. */
bool follower_has_ended(const struct follower *follower);

#endif
