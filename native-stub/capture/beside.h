/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ckpt beside a program: the process that was started as ckpt becomes the program itself, so that its pid, parent, terminal,
 * descriptors, signals and end are what they are without us. A process beside it, in a session of its own, is the tracer, and
 * starts a helper that says when the program is to be captured.
 *
 * Helper and tracer talk in lines. The helper writes "capture". The tracer writes "captured FILE", "failed REASON" or "ended",
 * each as the last line.
 */
#ifndef UNDUMP_CAPTURE_BESIDE_H
#define UNDUMP_CAPTURE_BESIDE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "capture.h"
#include "options.h"

struct beside {
    int channel;   /* to the helper; -1: none */
    pid_t helper;  /* its process; 0: none, or it has ended */
    struct given_file *given; /* what the program was given */
    size_t given_count;
};

/* Splits the process. In the tracer, which has to seize the program (its pid is *ret_program), it returns a descriptor for beside_go_on.
 * In the process that has to become the program it returns -1, when it is traced or nobody will trace it; that goes for
 * every failure as well, of which the log alone hears. before: the mask that the program gets. */
int beside_split(struct beside *beside, const struct options *options, const sigset_t *before, pid_t *ret_program);

/* Lets the program begin. Returns 0 or -errno. */
int beside_go_on(int talk);

/* Starts the helper of the options, whose standard input and output are the channel; a SIGIO tells when it says something. */
int beside_start_helper(struct beside *beside, const struct options *options);

/* Whether the helper has asked for a capture since the last call. *ret_gone: nobody is at the other end any more. */
bool beside_asked(const struct beside *beside, bool *ret_gone);

void beside_tell_captured(const struct beside *beside, const char *file);
void beside_tell_failed(const struct beside *beside, const struct report *report);
void beside_tell_ended(const struct beside *beside);

#endif
