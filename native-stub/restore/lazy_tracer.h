/* SPDX-License-Identifier: Apache-2.0 */
/* Stops and releases the threads of another process; works in a process that shares its memory. */
#ifndef UNDUMP_STUB_LAZY_TRACER_H
#define UNDUMP_STUB_LAZY_TRACER_H

#include <stdint.h>

#define LAZY_TRACER_THREADS 32768
#define LAZY_TRACER_BYTES (LAZY_TRACER_THREADS * sizeof(uint32_t))

struct lazy_tracer {
    uint32_t pid;
    uint32_t spared; /* thread that waits for this process */
    uint32_t *tids;  /* LAZY_TRACER_BYTES: those that stand */
    uint32_t count;
};

/* Returns 0 when all stand, or -errno: -EPERM when that is not allowed. In any case lazy_tracer_release() must follow; what
 * could not be stopped in time goes on when this process ends. */
int64_t lazy_tracer_stop(struct lazy_tracer *tracer);

/* From now on they die when this process does. */
void lazy_tracer_bind(const struct lazy_tracer *tracer);

void lazy_tracer_release(const struct lazy_tracer *tracer);

#endif
