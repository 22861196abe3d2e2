/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_FREEZE_H
#define UNDUMP_CAPTURE_FREEZE_H

#include "state.h"

/* For a thread that stands before a signal is delivered (0: before it goes on without one): when the signal runs no
 * handler, the program must not see that a call was broken off, as it would not without a tracer. The kernel wakes a
 * traced thread even for signals that the program ignores. */
void mend_call(pid_t tid, int delivered);

/* Lets a thread go on with the program's tracing, that is until its next call when it is followed. */
void resume_thread(const struct capture *capture, pid_t tid, int signal);

/* Stops every thread in PTRACE_EVENT_STOP, outside the vdso, and fills capture->threads with registers and masks.
 * Returns 0, or -errno with a line; then thaw_process() has to be called as well. */
int freeze_process(struct capture *capture);

/* Lets every thread go on that freeze_process() stopped, and detaches those that it attached. Idempotent. */
void thaw_process(struct capture *capture);

/* Ends the frozen program by SIGKILL and waits until it is dead. Threads that came seized are left to be reaped. */
void kill_process(struct capture *capture);

#endif
