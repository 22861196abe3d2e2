/* SPDX-License-Identifier: Apache-2.0 */
/* ptrace in typed form. All return 0 or a value, or -errno; -ESRCH is a thread that is gone. */
#ifndef UNDUMP_CAPTURE_TRACING_H
#define UNDUMP_CAPTURE_TRACING_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

/* What a wait saw. */
enum stop_kind {
    STOP_EVENT,     /* PTRACE_EVENT_STOP after PTRACE_INTERRUPT: the place from where registers may be changed */
    STOP_GROUP,     /* PTRACE_EVENT_STOP of job control */
    STOP_SYSCALL,   /* entry or exit of a system call */
    STOP_SIGNAL,    /* a signal is about to be delivered */
    STOP_OTHER,     /* PTRACE_EVENT_EXIT and the like */
    STOP_GONE,      /* the thread ended */
};

struct stop {
    enum stop_kind kind;
    int signal; /* of STOP_SIGNAL and STOP_GROUP */
    int status; /* as waitpid gave it */
};

struct stop decode_stop(int status);

/* Waits for the next stop or the end of a thread. SIGCHLD has to be blocked and is consumed. */
int wait_stop(pid_t tid, struct stop *ret);

/* The same until deadline_ns of CLOCK_MONOTONIC; -ETIMEDOUT. */
int wait_stop_until(pid_t tid, uint64_t deadline_ns, struct stop *ret);

/* Makes the caller the tracer of a thread that runs on; options are PTRACE_O_* beyond what every trace needs. */
int trace_seize(pid_t tid, uintptr_t options);
int trace_set_options(pid_t tid, uintptr_t options); /* the same, of a thread that stands */
int trace_interrupt(pid_t tid);
int trace_resume(pid_t tid, int signal);
int trace_resume_to_syscall(pid_t tid, int signal);

/* Lets a thread that blocks all signals run to its next system call entry or exit. With PTRACE_O_TRACECLONE or PTRACE_O_TRACEFORK the process
 * that it makes on the way goes to ret_child, which may be NULL. */
int trace_run_to_syscall_stop(pid_t tid, pid_t *ret_child);

/* Waits for the first stop of a thread or process that a traced one has made. -ECHILD: it has died. */
int trace_wait_for_birth(pid_t tid);

/* Waits for the end of a thread or process that was sent SIGKILL, past stops that nobody has looked at. */
void trace_reap(pid_t tid);

int trace_detach(pid_t tid);
int trace_get_registers(pid_t tid, struct user_regs_struct *ret);
int trace_set_registers(pid_t tid, const struct user_regs_struct *registers);
int trace_get_mask(pid_t tid, uint64_t *ret);
int trace_set_mask(pid_t tid, uint64_t mask);

#endif
