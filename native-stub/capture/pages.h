/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PAGES_H
#define UNDUMP_CAPTURE_PAGES_H

#include "state.h"

/* Writes the contents of all mappings of the frozen program, as extents. Fills the extent fields of the mapping
 * records and resident_bytes of the process. Returns 0 or -errno with a line; failed writes stick to the writer. */
int save_pages(struct capture *capture);

#endif
