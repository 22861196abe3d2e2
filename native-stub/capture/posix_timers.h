/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX timers (timer_create). /proc/PID/timers tells what they are, timer_gettime in the program when they are due.
 * Their time runs on while the program stands, so their signals are looked for behind the questions.
 */
#ifndef UNDUMP_CAPTURE_POSIX_TIMERS_H
#define UNDUMP_CAPTURE_POSIX_TIMERS_H

#include "inject.h"
#include "state.h"

/* Lists the timers of the frozen program. Returns 0, or -errno with a line for each that cannot be captured. */
int list_posix_timers(struct capture *capture);

/* Asks for their times, with a thread that is borrowed. Returns 0 or -errno with a line. */
int ask_posix_timers(struct injector *injector, struct capture *capture);

/* Finds out which threads' time is counted where the kernel does not say so; no thread is borrowed. Returns 0 or -errno
 * with a line. */
int find_timed_threads(struct injector *injector, struct capture *capture);

/* Brings times and pending signals together, when the signals of the process have been read. Returns 0 or -errno with a
 * line. */
int settle_posix_timers(struct capture *capture);

void release_posix_timers(struct capture *capture);

/* ---- posix_timer_text.c ---- */

/* An entry of /proc/PID/timers. */
struct timer_entry {
    int32_t id, clock;
    uint32_t signal, notify; /* notify with SIGEV_THREAD_ID */
    uint64_t value;
    int32_t target;          /* thread or process */
};

/* Takes the entry that starts at *text and moves *text behind it. Returns false at the end, or, with *ret_bad set, when
 * it is not understood. */
bool parse_timer_entry(const char **text, struct timer_entry *ret, bool *ret_bad);

#endif
