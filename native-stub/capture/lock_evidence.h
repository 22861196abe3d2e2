/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells locks from data that looks like one, by what uses them: the same rules as the planner's LockEvidence.java, which tells
 * where they come from.
 */
#ifndef UNDUMP_CAPTURE_LOCK_EVIDENCE_H
#define UNDUMP_CAPTURE_LOCK_EVIDENCE_H

#include "thread_id_search.h"

struct lock_candidate {
    uint64_t address;     /* of the lock */
    uint64_t word;        /* address of the owner's id */
    uint32_t tid;
    uint32_t other_users; /* threads that should be waiting for a condition with it */
    uint32_t holders;     /* threads with its address in a register or on their stack */
    uint32_t last_holder; /* number of the last one, from 1 */
    bool used;            /* the owner works with the object around it */
    bool lock;
};

/* Drops the candidates that nothing uses; the others have lock set. Sorts them by address, each once. Returns 0 or -errno. */
int judge_candidates(const struct program_memory *memory, const struct capture *program, struct buffer *candidates);

#endif
