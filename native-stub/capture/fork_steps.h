/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that fork a program with its threads share among themselves. */
#ifndef UNDUMP_CAPTURE_FORK_STEPS_H
#define UNDUMP_CAPTURE_FORK_STEPS_H

#include "fork.h"
#include "inject.h"
#include "state.h"

struct forking {
    const struct fork_request *request;
    struct report *report;
    struct capture_request capture_request; /* for the steps that a fork has in common with a capture */
    struct capture parent;
    struct capture child;      /* its threads are copies of the parent's in the same order, with tids of their own; what is in
                                  buffers is the parent's */
    struct injector injector;  /* in the parent */
    struct injector child_injector;
    uint32_t *new_ids;         /* of the child's threads, as the child sees them */
    int64_t own_child;         /* the child's number as the parent sees it; 0: there is none */
    struct thread *caller;     /* the parent's thread that waits for the record; NULL: none does */
    uint64_t resident;         /* address of the record of the image that the parent was launched from; 0: of none */
    bool child_is_ours;        /* it stands, and dies with us */
};

/* ---- fork_child.c ---- */

/* Makes the child of the frozen parent, of which the injector is open. Returns 0 or -errno, -EAGAIN and the like as
 * clone(2) gives them. */
int make_child(struct forking *forking);

/* Gives the child everything that its threads need. Returns 0 or -errno with a line, also when the child has died. */
int complete_child(struct forking *forking);

/* Lets the child's threads go. */
void release_child(struct forking *forking);

/* Ends a child that was not released. The parent has to wait for it: wait(2). */
void end_child(struct forking *forking);

/* Says that something of the child's copy of a thread failed, and returns error, or -ESRCH when the child has died. */
int refuse_child(struct forking *forking, const struct thread *thread, const char *what, int error);

/* ---- fork_settle.c ---- */

/* Gives each thread of the child its registers and what the kernel keeps for it. Returns 0 or -errno with a line. */
int settle_threads(struct forking *forking);

/* ---- fork_waits.c ---- */

/* Decides what each of the child's threads goes on with. */
void prepare_resumes(struct forking *forking);

/* When a thread of the child was waiting for a time of which something is left: lets the kernel begin the wait, with what is left of
 * it, and stops the thread in it. So it is the kernel that remembers when it ends, and the thread has the registers of its own
 * call. Returns 0 or -errno. */
int begin_wait_again(struct forking *forking, struct thread *thread);

#endif
