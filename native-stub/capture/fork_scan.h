/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks through the memory of a child that stands for the owners of locks: by a small loop that one of its own threads runs, as fast
 * as memory is read. From outside, each page would cost a system call's work, and a gigabyte a second.
 *
 * The loop and its tables lie in a mapping of their own, which is given back. It ends with a system call, at which the thread stops.
 */
#ifndef UNDUMP_CAPTURE_FORK_SCAN_H
#define UNDUMP_CAPTURE_FORK_SCAN_H

#include "inject.h"

struct scan_range {
    uint64_t start, end;
};

struct scan {
    struct injector *injector;       /* of the child */
    const uint32_t *ids;             /* ascending */
    size_t id_count;
    const struct scan_range *ranges; /* memory that can be read, 8-byte aligned */
    size_t range_count;
    void (*found)(void *context, uint64_t address); /* for each word that may name the owner of a lock */
    void *context;
};

/* A word is found when its lower half is one of the ids, its upper half a count of at most 65535, and the word behind it what may
 * stand behind an owner (lock_patterns.h); the last word of each range is not looked at. Returns 0, or -ENOSYS when the child cannot do
 * it, or -errno. */
int scan_for_owners(const struct scan *scan);

#endif
