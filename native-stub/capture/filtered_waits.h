/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits of threads under seccomp.
 *
 * With a wait that a stop broke off the kernel goes on by restart_syscall(2), and a filter that does not allow that call
 * answers it with an error or death. So from the stop on, the registers of such a thread make the call by its own number,
 * whatever becomes of us. That would begin the wait anew; so, before all others go on,
 *
 *   - a thread whose filters are known to allow restart_syscall gets its registers back as they were;
 *   - any other is given what remains of its time. poll(2) takes that from a register. For the others it lies in the
 *     program's memory, which gets its own bytes back as soon as the thread sleeps, for then the kernel has read them;
 *     meanwhile no other thread runs that could see it.
 *
 * (It cannot be done at the entry of the call: PTRACE_DETACH there breaks the call off, as a signal would.)
 *
 * What remains is what the kernel has written down for the program, else what observe.h tells.
 */
#ifndef UNDUMP_CAPTURE_FILTERED_WAITS_H
#define UNDUMP_CAPTURE_FILTERED_WAITS_H

#include "state.h"

/* Whether a thread that stands with these registers would be renumbered, and is under seccomp. */
bool has_filtered_wait(pid_t pid, pid_t tid, const struct user_regs_struct *registers);

/* To be called first when the program goes on: gives these threads what they wait on with, and lets some go already. */
void go_on_with_filtered_waits(struct capture *capture);

#endif
