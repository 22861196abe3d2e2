/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the threads of the program may do, and what else the kernel keeps for each thread by itself: capabilities, groups,
 * seccomp filters, memory policies, I/O priority.
 *
 * A thread under a seccomp filter would be killed for calls that it is made to do. So its filters are suspended while it is
 * traced (PTRACE_O_SUSPEND_SECCOMP), which, as reading them, is for those with CAP_SYS_ADMIN that run under no filter.
 */
#ifndef UNDUMP_CAPTURE_RIGHTS_H
#define UNDUMP_CAPTURE_RIGHTS_H

#include "inject.h"
#include "state.h"

/* Whether its clocks are those that the engine sees. */
bool in_our_time_namespace(const struct capture *capture);

/* Takes what /proc/PID/task/TID/status tells. */
void note_rights(struct capture *capture, struct thread *thread, const char *status);

/* Before the program is stopped: whether its filters could be read. Adds a line when not. */
void check_filters_readable(struct capture *capture, uint64_t mode);

/* What can be read from outside of the stopped program; suspends its filters. Returns 0 or -errno with a line. */
int read_rights(struct capture *capture);

/* What only a thread itself can tell, which is borrowed. Returns 0 or -errno with a line. */
int ask_rights(struct injector *injector, struct thread *thread, bool is_leader);

/* ---- filters.c ---- */

/* Suspends the filters of a thread that stands, and reads them. Returns 0 or -errno with a line. */
int read_filters(struct capture *capture, struct thread *thread);

/* Lets the filters of threads that stay traced work again. */
void resume_filters(const struct thread *thread);

/* ---- memory_policies.c ---- */

/* Before the program is stopped, for the kernel walks through all of its memory: what is bound to memory nodes. Returns 0 or
 * -errno with a line. */
int look_at_memory_policies(struct capture *capture);

/* Drops those that are the leader's own policy. */
void settle_memory_policies(struct capture *capture);

#endif
