/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that asked for its own checkpoint (native-stub/runtime, undump.h) and waits for the answer.
 *
 * It starts ckpt with one end of a socket pair as standard input, output and error. Through that the two agree that ckpt may trace it; then
 * the program closes its end, for a checkpoint must not hold it, and everything else goes through the image_launch_record in
 * its memory (image_format.h): the program says PENDING, ckpt how it went.
 */
#ifndef UNDUMP_CAPTURE_CALLER_H
#define UNDUMP_CAPTURE_CALLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "report.h"

#define CALLER_READY '.'  /* ckpt may begin; anything else that it writes is the reason why not, */
#define CALLER_DENIED '!' /* with this in front if it is a missing permission */

struct caller {
    pid_t pid;
    int mem;          /* /proc/PID/mem */
    uint64_t record;  /* address in the program */
    uint64_t cookie;  /* of the call that ckpt was started for */
};

/* Waits until the program says that it is PENDING. Returns 0, or -1 when there is nobody to answer any more. */
int caller_meet(struct caller *caller);

/* Whether the process, whose memory mem reads, waits at record for the answer to the call of that cookie: after an exec(3), which
 * another thread of it may have called meanwhile, it does not. */
bool caller_waits(int mem, uint64_t record, uint64_t cookie);

/* Tells the program how it went: error is 0 or the negative errno behind report. */
void caller_answer(const struct caller *caller, int error, const struct report *report);

/* For a fork (fork.h). The child is named while the answer is still PENDING: should ckpt die, it is there to be waited for. Then
 * both processes are answered, the child through its own copy of the record; state is IMAGE_LAUNCH_*. Returns 0 or -errno. */
void caller_name_child(const struct caller *caller, int32_t child);
int caller_answer_fork(const struct caller *caller, uint32_t state, int32_t child);

#endif
