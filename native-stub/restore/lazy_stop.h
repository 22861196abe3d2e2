/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All other threads of the program stand while memory is taken away under them and put back. A process that shares the
 * memory seizes them with ptrace, and does the work itself: when somebody kills it, the work has just not been done.
 */
#ifndef UNDUMP_STUB_LAZY_STOP_H
#define UNDUMP_STUB_LAZY_STOP_H

#include "restore/lazy_call.h"

enum lazy_company {
    LAZY_NOBODY,      /* no other thread has this memory; a process that shares it waits as a rule */
    LAZY_THREADS,
    LAZY_VFORK_CHILD, /* this process is one, or may be; its parent has one thread, which waits */
    LAZY_VFORK_CHILD_OF_THREADS,
    LAZY_UNKNOWN,
};

enum lazy_company lazy_company_of(const struct lazy_call *call);

/*
 * Does the work while no other thread of the process runs. With `quiet` none of them is inside of the handler either, unless it
 * stays there for long. Returns what the work returns, 0 or -errno, or -EAGAIN when they could not be stopped; then
 * it may have been done in part.
 */
int64_t lazy_while_still(struct lazy_call *call, bool quiet, int64_t (*task)(struct lazy_call *, const void *),
                         const void *argument);

/* A process that shared the memory has been killed while contents were in its copy only: ends the program as that was. */
void lazy_end_if_torn(const struct image_resident *resident);

#endif
