/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that treat lazy memory otherwise than the kernel would treat pages of a file. They run on a stack of their
 * own with all signals blocked; nothing is shared between threads but the bits and counters of the resident record.
 * Method and order of errors are those of mm/madvise.c and mm/mremap.c of Linux 6.18; the host test stub_lazy.c compares
 * them with anonymous memory.
 */
#ifndef UNDUMP_STUB_LAZY_CALL_H
#define UNDUMP_STUB_LAZY_CALL_H

#include "image_format.h"
#include "restore/abi.h"
#include "restore/maps.h"

#define LAZY_SMALL (16 * STUB_PAGE) /* writable pieces below are cleared in place: a mapping costs more than they do */
#define LAZY_SPLIT_LIMIT 16384      /* of vm.max_map_count, 65530 by default; above, pieces are cleared in place */

struct lazy_call {
    struct image_resident *resident;
    struct maps maps;
    uint32_t pid, tid; /* of the program's thread */
    bool alone;      /* in a process of its own that only shares the memory, see intercept.c */
    bool was_single; /* then: what lazy_is_single() said before */
    uint64_t stack_number; /* of the handler's stacks */
    uint64_t spawn_stack;  /* top of the stack for a process that shares the memory */
};

/* lazy_advise.c: madvise, with arguments that the kernel accepts for an advice that it knows */
int64_t lazy_advise(struct lazy_call *call, uint64_t start, uint64_t end, uint32_t advice);

/* Fresh anonymous memory at the address, with what a lazy range's flags say. Returns the address or -errno. */
int64_t lazy_map_fresh(const struct image_resident *resident, uint64_t address, uint64_t length, uint32_t protection,
                       uint32_t place, uint32_t range_flags);

/* Puts fresh anonymous memory in the place of an IMAGE piece. Returns 0 or -errno with nothing changed. */
int64_t lazy_replace(struct lazy_call *call, const struct maps_piece *piece);

/* lazy_process.c */
int64_t lazy_process_madvise(struct lazy_call *call, const uint64_t arguments[6]);

/* lazy_remap.c */
int64_t lazy_remap(struct lazy_call *call, const uint64_t arguments[6]);

/* lazy_convert.c: makes pages of the image in the range truly anonymous, contents kept. Returns 0 or -errno. */
int64_t lazy_convert(struct lazy_call *call, uint64_t start, uint64_t end);

/* The same of all lazy memory, and nothing is lazy from then on. The child of a vfork, to which the memory does not belong, leaves it
 * as it is. */
int64_t lazy_settle(struct lazy_call *call);

int64_t lazy_handle_faults(struct lazy_call *call, const uint64_t arguments[6]); /* ioctl(UFFDIO_REGISTER, UFFDIO_MOVE) */
int64_t lazy_name(struct lazy_call *call, const uint64_t arguments[6]);            /* prctl(PR_SET_VMA) */

/* lazy_stop.c: does nobody but this thread have this memory? May say no where the answer is yes. */
bool lazy_is_single(void);

/* Is the memory locked? The kernel refuses MADV_COLD then. */
bool lazy_is_locked(uint64_t page);

static inline uint64_t lazy_round(uint64_t length)
{
    return (length + STUB_PAGE - 1) & ~(STUB_PAGE - 1);
}

static inline bool lazy_is_error(int64_t result)
{
    return result < 0 && result > -4096;
}

#endif
