/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "smaps.h"

#include <errno.h>
#include <string.h>

#include "proc_files.h"

#define KERNEL_ADDRESS (UINT64_C(1) << 63)

/* Ends the line that starts at text with zero. Returns the start of the next one. */
static char *cut_line(char *text)
{
    char *end = text + strcspn(text, "\n");
    if (!*end)
        return end;
    *end = 0;
    return end + 1;
}

int split_smaps(struct buffer *text, struct buffer *ret_entries)
{
    char *line = (char *)text->data;
    struct map_line map;
    while (line && *line && parse_map_line(line, &map)) {
        struct smaps_entry entry = {.map = map, .line = line};
        char *next = cut_line(line);
        entry.details = next;
        /* Those about this entry end where the next entry starts. */
        while (*next && !parse_map_line(next, &map)) {
            next += strcspn(next, "\n");
            next += *next == '\n';
        }
        if (next == entry.details)
            entry.details = "";
        else if (next[-1] == '\n')
            next[-1] = 0;
        line = next;
        if (entry.map.start < KERNEL_ADDRESS)
            buffer_append(ret_entries, &entry, sizeof(entry));
    }
    return ret_entries->failed ? -ENOMEM : 0;
}

int read_smaps(struct buffer *text, struct buffer *ret_entries, pid_t pid)
{
    int error = read_proc(text, "%d/smaps", pid);
    return error < 0 ? error : split_smaps(text, ret_entries);
}
