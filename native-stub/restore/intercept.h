/* SPDX-License-Identifier: Apache-2.0 */
/* Between intercept.S and the handler of intercepted calls. */
#ifndef UNDUMP_STUB_INTERCEPT_H
#define UNDUMP_STUB_INTERCEPT_H

#include <stddef.h>

#include "image_format.h"

#define INTERCEPT_STACKS 64
#define INTERCEPT_STACK_BYTES UINT64_C(32768)

struct intercept_registers { /* as pushed */
    uint64_t ax; /* number, later the result */
    uint64_t di, si, dx, r10, r8, r9;
    uint64_t r11; /* address behind the call */
    uint64_t bp;
    uint64_t flags;
};

struct intercept_frame { /* at the top of a stack of the handler's own */
    struct intercept_registers registers;
    uint64_t signal_mask;
    uint64_t stack;  /* where that stack starts */
    uint64_t number; /* of that stack; INTERCEPT_STACKS: it was mapped for this call */
    uint64_t tid, pid;
    uint64_t result;
    uint64_t single; /* 1: no other thread or process has this memory */
    uint64_t pass;   /* 1: the kernel makes the call after all */
};

/* Stacks lie behind the resident record; bit n of stacks_used is set while stack n is in use. */
static inline uint64_t intercept_stacks_offset(uint64_t range_count)
{
    uint64_t bytes = sizeof(struct image_resident) + range_count * sizeof(struct image_lazy_range);

    return (bytes + 4095) & ~UINT64_C(4095);
}

/* Bytes of the record with its stacks. */
static inline uint64_t intercept_record_bytes(uint64_t range_count)
{
    return intercept_stacks_offset(range_count) + INTERCEPT_STACKS * INTERCEPT_STACK_BYTES;
}

#pragma GCC visibility push(hidden)

extern const uint8_t undump_base[];

/* On the program's stack: returns INTERCEPT_PASS, INTERCEPT_DONE or the frame to go on with. */
uint64_t intercept_enter(struct intercept_registers *registers);

/* On the frame's stack: makes the call, the result is in the frame's registers, or prepares for it. */
void intercept_work(struct intercept_frame *frame);

/* On the program's stack again: puts the registers there and gives the frame back. Returns INTERCEPT_PASS or INTERCEPT_DONE. */
uint64_t intercept_leave(struct intercept_frame *frame, struct intercept_registers *ret_registers);

#pragma GCC visibility pop

/* A host test has its record elsewhere. */
#ifndef INTERCEPT_RECORD
#define INTERCEPT_RECORD ((struct image_resident *)((uintptr_t)undump_base + IMAGE_RESIDENT))
#endif

#endif
