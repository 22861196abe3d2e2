/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PAGEMAP_H
#define UNDUMP_CAPTURE_PAGEMAP_H

#include <stdint.h>

#include "buffer.h"

/* What the page tables say of a range of pages that are present, swapped or guarded. */
struct page_range {
    uint64_t start, end;
    uint32_t kind; /* PAGES_* */
};

#define PAGES_ANONYMOUS 1 /* the program has written them: they belong to it alone, or to shared memory */
#define PAGES_FILE 2      /* of the mapped file or shared object, not copied by a write */
#define PAGES_GUARD 3     /* MADV_GUARD_INSTALL */

/* Appends the ranges of [start, end) to ranges, ascending; pages not mentioned are not populated. Pagemap is the
 * descriptor of /proc/PID/pagemap. populated is false when smaps counts no resident or swapped page: kernels without
 * PAGEMAP_SCAN then need not be asked for every page of a large reservation. Linux 6.13 and 6.14 have guard regions but
 * do not tell: those pages come as PAGES_ANONYMOUS, and reading them fails. Returns 0 or -errno. */
int list_pages(int pagemap, uint64_t start, uint64_t end, bool populated, struct buffer *ranges);

#endif
