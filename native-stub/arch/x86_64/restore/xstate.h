/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The xsave area of a signal frame: struct _xstate of arch/x86/include/uapi/asm/sigcontext.h.
 * Pure: also compiled into host tests.
 */
#ifndef UNDUMP_STUB_XSTATE_H
#define UNDUMP_STUB_XSTATE_H

#include <stdbool.h>
#include <stdint.h>

#define XSTATE_MXCSR 24
#define XSTATE_SOFTWARE 464 /* struct xstate_software */
#define XSTATE_HEADER 512   /* xstate_bv, xcomp_bv, reserved */
#define XSTATE_LEGACY_BYTES 576 /* legacy region and header */
#define XSTATE_LEGACY_MASK UINT64_C(3) /* x87 and SSE have fixed places */
#define XSTATE_PLACES_LIMIT 16
#define XSTATE_MAGIC1 UINT32_C(0x46505853) /* FP_XSTATE_MAGIC1 */
#define XSTATE_MAGIC2 UINT32_C(0x46505845) /* FP_XSTATE_MAGIC2, stands behind xstate_size bytes */

struct xstate_software { /* struct _fpx_sw_bytes */
    uint32_t magic1;
    uint32_t extended_size; /* bytes with XSTATE_MAGIC2 */
    uint64_t features;
    uint32_t xstate_size;   /* bytes; the kernel falls back to x87 and SSE when its own area is smaller */
    uint32_t padding[7];
};

struct xstate_place {
    uint32_t number; /* component */
    uint32_t size;
    uint32_t from; /* offset as captured */
    uint32_t to;   /* offset on this processor */
};

/* Will the kernel's sigreturn accept it? enabled: components that this image may use. */
bool xstate_is_sound(const uint8_t *area, uint64_t room, uint64_t enabled);

/*
 * Rearranges the area for this processor: each component goes to its place, components that are not listed leave the
 * mask (they are in their initial state), and the size becomes the smallest that holds the listed ones.
 * scratch holds room bytes. Returns 0, or -ENOMEM when the area does not fit into room; the area is then unchanged.
 */
int xstate_arrange(uint8_t *area, uint64_t room, const struct xstate_place *places, uint32_t count, uint8_t *scratch);

#endif
