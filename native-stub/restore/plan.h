/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the plan: tables and strings by plan offset. What plan_check() has accepted needs no further checks. */
#ifndef UNDUMP_STUB_PLAN_H
#define UNDUMP_STUB_PLAN_H

#include <stdbool.h>

#include "image_format.h"

#define IMAGE_FRAME_CS 0x33 /* __USER_CS, arch/x86/include/asm/segment.h */
#define IMAGE_FRAME_SS 0x2b /* __USER_DS */

static inline const void *plan_at(const struct image_plan *plan, uint64_t offset)
{
    return (const uint8_t *)plan + offset;
}

static inline const char *plan_string(const struct image_plan *plan, uint64_t offset)
{
    return plan_at(plan, offset);
}

/* Thread blocks follow the plan in memory and are writable, other than the plan itself. */
static inline struct image_thread_block *plan_block(const struct image_plan *plan, const struct image_thread *thread)
{
    return (struct image_thread_block *)((uintptr_t)plan + thread->block);
}

/* Records of a table: for_each_record(action, image_signal_action, plan, plan->actions) { ... } */
#define for_each_record(name, type, plan, table)                            \
    for (const struct type *name = plan_at(plan, (table).offset),           \
                           *name##_end = name + (table).count;              \
         name < name##_end; name++)

/* ---- checking ---- */
struct plan_surroundings { /* what is known about the image before its plan is believed */
    uint64_t plan_bytes;  /* bytes that are mapped from the plan's start on: plan and thread blocks */
    uint64_t image_size;  /* bytes of the opened file */
    uint64_t slot;        /* address at which the stub runs */
};

struct plan_fault {
    const char *what;  /* "address", "image offset", ... */
    const char *where; /* "memory operation", ... */
    uint64_t index;    /* record of that table */
};

/* Sums of plan and blocks against the plan's checksums. Sizes must have been checked by plan_check_head(). */
bool plan_sums_match(const struct image_plan *plan, bool hardware_crc);

/* Magic, version and sizes: whatever is needed before the sums can be computed.
 * Returns 0 or -EINVAL with ret_fault set. */
int plan_check_head(const struct image_plan *plan, const struct plan_surroundings *around, struct plan_fault *ret_fault);

/* Every table, string, range and number. Returns 0 or -EINVAL with ret_fault set. */
int plan_check(const struct image_plan *plan, const struct plan_surroundings *around, struct plan_fault *ret_fault);

/* Memory operation kinds that place a new mapping at their address. */
bool memory_op_maps(uint32_t kind);

/* File operation kinds that make two descriptors: fd and (int32_t) values[0]. */
static inline bool file_op_has_second_end(uint32_t kind)
{
    return kind == IMAGE_FILE_PIPE || kind == IMAGE_FILE_SOCKET_PAIR;
}

/* Half-open ranges [a, a + a_size) and [b, b + b_size), which do not wrap around. */
static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

#endif
