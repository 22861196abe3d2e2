/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_SMAPS_H
#define UNDUMP_CAPTURE_SMAPS_H

#include <sys/types.h>

#include "buffer.h"
#include "proc_text.h"

/* One mapping in /proc/PID/smaps. */
struct smaps_entry {
    struct map_line map;
    const char *line;    /* its line in maps, ended with zero */
    const char *details; /* the lines about it, ended with zero */
};

/* Splits the text of smaps, or of maps, which has no details, into entries: struct smaps_entry, by address, pointing
 * into text, which is changed. The kernel's own, [vsyscall], is left out. Returns 0 or -ENOMEM. */
int split_smaps(struct buffer *text, struct buffer *ret_entries);

/* The same for the smaps of a process. Returns 0 or -errno. */
int read_smaps(struct buffer *text, struct buffer *ret_entries, pid_t pid);

#endif
