/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that runs under ckpt and asks for its own checkpoint (undump.h).
 *
 * A process has one tracer, and that is the ckpt that runs it. The ckpt that the program has started hands the request over to that
 * one, through an abstract socket that is named after it, and answers the program when it has heard how it went. Both are of the same
 * user; nobody else is served.
 */
#ifndef UNDUMP_CAPTURE_HANDOVER_H
#define UNDUMP_CAPTURE_HANDOVER_H

#include <limits.h>
#include <signal.h>

#include "capture.h"
#include "options.h"

#define HANDOVER_SIGNAL SIGIO /* comes, with a positive si_code, when somebody asks */

/* ---- for the ckpt that runs the program ---- */

struct handover;

struct handed_request {
    struct capture_request request; /* what the program has said; its output points into this structure */
    char output[2 * PATH_MAX];
    int connection;
};

/* NULL: requests cannot be taken here. */
struct handover *handover_open(void);

/* Takes the next request about the program. Returns whether there was one, which has to be answered. handover may be NULL. */
bool handover_take(struct handover *handover, pid_t program, struct handed_request *ret);
void handover_answer(struct handed_request *handed, int error, const struct report *report);
void handover_close(struct handover *handover);

/* ---- for the one that the program has started ---- */

/* Hands the request over when another ckpt runs the program. Returns whether it did; then *ret_error is how it went, with lines in
 * report. */
bool hand_over(const struct options *options, int *ret_error, struct report *report);

#endif
