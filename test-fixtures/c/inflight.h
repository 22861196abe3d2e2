/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that is inside one system call while the capture happens, and what came out of it. */
#ifndef UNDUMP_INFLIGHT_H
#define UNDUMP_INFLIGHT_H

#include "fixture.h"

struct inflight {
    /* Set by the fixture. */
    void (*body)(struct inflight *self); /* makes the call, sets result and error */
    long nr;                             /* system call it must be seen in, -1 for any */
    int64_t limit_ns;                    /* relative deadline of the call, 0 when it has none */
    void *argument;
    /* Set by the thread. */
    pthread_t thread;
    volatile pid_t tid;
    volatile int started, ended;
    long result;
    int error;
    int64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
    int64_t awake_ns;         /* of the awake clock, while the call lasted */
};

/* Starts the thread and returns when it sleeps in its call. Starts the awake clock at first use. */
void inflight_start(struct inflight *self);

/* Ends when the thread has. Checks that a call with a limit lasted that long. */
void inflight_join(struct inflight *self);

/* What the body ends with: stores RESULT and errno. */
void inflight_result(struct inflight *self, long result);

#endif
