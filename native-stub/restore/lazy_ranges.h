/* SPDX-License-Identifier: Apache-2.0 */
/* Lazy ranges and the bitmap of the pages in them that are anonymous by now. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_LAZY_RANGES_H
#define UNDUMP_STUB_LAZY_RANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "image_format.h"

/* The first range that ends behind the address, NULL when there is none. Ranges are sorted and do not overlap. */
const struct image_lazy_range *lazy_range_from(const struct image_lazy_range *ranges, uint64_t count, uint64_t address);

/* Has [start, end) a page in common with a lazy range? */
bool lazy_touches(const struct image_resident *resident, uint64_t start, uint64_t end);

/* Is every lazy page of [start, end) known to be anonymous? */
bool lazy_all_done(const struct image_resident *resident, uint64_t start, uint64_t end);

/* Notes that the lazy pages of [start, end) are no pages of the image any more. Bits are never taken back. */
void lazy_set_done(const struct image_resident *resident, uint64_t start, uint64_t end);

#endif
