/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks at the threads while they still run, to tell later how long a blocked one had been waiting.
 *
 * The scheduler notes when a thread last ran (se.exec_start) on the clock of its processor, which stands still while
 * interrupts are served and so lags behind by a growing amount. We read our own exec_start on every processor
 * together with CLOCK_MONOTONIC. A wait computed from the two is never more than the truth.
 */
#ifndef UNDUMP_CAPTURE_OBSERVE_H
#define UNDUMP_CAPTURE_OBSERVE_H

#include "state.h"

struct processor_clock {
    uint64_t exec_start;   /* 0: not known */
    uint64_t monotonic_ns; /* when it was read */
};

/* Fills clocks[0..count) for the processors where one of the observed threads waits, as far as we may run there. Runs on
 * each of them for a moment. */
void observe_clocks(struct processor_clock *clocks, unsigned count, const struct thread *threads, size_t thread_count);

/* Fills the fields of thread that are read before the stop. */
void observe_thread(pid_t pid, struct thread *thread, struct buffer *text);

/* After the stop: the time that the thread had been waiting in the call it is stopped in, 0 when not certain. */
uint64_t observed_wait(pid_t pid, const struct thread *thread, const struct processor_clock *clocks, unsigned count,
                       uint64_t stopped_ns, struct buffer *text);

#endif
