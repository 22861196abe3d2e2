/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that look for thread ids share among themselves. */
#ifndef UNDUMP_CAPTURE_THREAD_ID_SEARCH_H
#define UNDUMP_CAPTURE_THREAD_ID_SEARCH_H

#include <pthread.h>

#include "fork_memory.h"

struct known_id {
    uint32_t old, now;
};

struct id_word {
    uint64_t address;
    uint64_t keep; /* bits of the old word that stay */
    uint64_t id;
    uint64_t width; /* bytes, 4 or 8 */
};

struct id_search {
    struct program_memory memory;
    pid_t parent;
    const struct known_id *ids; /* by their old ones */
    size_t count;
    struct buffer words;      /* struct id_word */
    struct buffer candidates; /* struct lock_candidate */
    pthread_mutex_t lock;     /* of both */
};

/* ---- thread_ids.c ---- */

const struct known_id *find_id(const struct id_search *search, uint32_t id);

/* Notes a word that holds an old id, unless it is shared or read-only. */
void add_id_word(struct id_search *search, uint64_t address, uint32_t old, uint32_t keep, uint32_t width);

/* ---- thread_id_search.c ---- */

/* What can only be found by looking through the memory: owners of glibc's locks, the thread that runs its timers' functions,
 * and asyncio's loops. Returns 0 or -errno. */
int search_for_ids(struct id_search *search, struct injector *injector, bool has_glibc);

#endif
