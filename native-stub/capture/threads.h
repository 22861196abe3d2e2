/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_THREADS_H
#define UNDUMP_CAPTURE_THREADS_H

#include "state.h"

struct scheduling { /* struct sched_attr of linux/sched/types.h, which does not go with glibc's sched.h */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

/* Fills the records of all threads from ptrace and /proc, and the PENDING section with the threads' own signals. Fields that only the process can
 * tell are left to interrogate.c. Returns 0 or -errno with a line. */
int read_threads(struct capture *capture);

/* Adds the signals that are pending for the process. Comes behind the questions for its timers, so that a timer that
 * fires meanwhile is not lost. Returns 0 or -errno with a line. */
int read_process_signals(struct capture *capture);

/* Adds the signal of a POSIX timer if it is pending for that thread. Returns 0 or -errno with a line. */
int read_timers_signal(struct capture *capture, const struct thread *thread, int32_t timer);

/* Puts the finished records into their section. */
void append_threads(struct capture *capture);

#endif
