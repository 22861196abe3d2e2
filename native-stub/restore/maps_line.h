/* SPDX-License-Identifier: Apache-2.0 */
/* A line of /proc/PID/maps. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_MAPS_LINE_H
#define UNDUMP_STUB_MAPS_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct maps_vma {
    uint64_t start, end;
    uint32_t protection; /* PROT_* */
    bool shared;
    uint64_t offset; /* in the file, bytes */
    uint64_t device_major, device_minor;
    uint64_t inode;
};

/* "start-end rwxp offset major:minor inode", followed by a space or the end of the text; what comes behind is ignored.
 * Returns false, with *ret_vma undefined, when the text is anything else. */
bool maps_line_read(const char *text, uint64_t length, struct maps_vma *ret_vma);

#endif
