/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PAGES_H
#define UNDUMP_CAPTURE_PAGES_H

#include "state.h"

#define CHUNK_BYTES (1u << 20) /* per read: few system calls, and still in the cache when they are written */

/* Whether a page holds zeros only. */
bool is_zero_page(const uint8_t *page);

/* Writes the contents of all mappings of the frozen program, as extents. Fills the extent fields of the mapping
 * records and resident_bytes of the process. Returns 0 or -errno with a line; failed writes stick to the writer. */
int save_pages(struct capture *capture);

/* The same for what save_pages() has left to the snapshot, if there is one, with the program running. Ends the snapshot. */
int save_snapshot_pages(struct capture *capture);

#endif
