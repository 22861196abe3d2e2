/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "early_mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mappings.h"
#include "proc_files.h"
#include "smaps.h"

static int describe(struct capture *capture, int error)
{
    return refuse(capture->report, error, "reading the mappings of process %d: %s", capture->pid, strerror(-error));
}

/* A memory file is asked for when it has no descriptor; see memory_files.c. */
static bool may_be_asked_for(const struct capture *capture, const struct mapping *mapping)
{
    if (mapping->record.kind != CKPT_MAPPING_SHARED_FILE || !(mapping->record.flags & CKPT_VMA_DELETED))
        return false;
    AUTO_CLOSE int fd = open_proc(O_RDONLY | O_NONBLOCK, "%d/map_files/%llx-%llx", capture->pid,
                                  (unsigned long long)mapping->record.start, (unsigned long long)mapping->record.end);
    return fd < 0;
}

/* Flags that fork does not copy; and shared memory that has to be asked for, where it counts what is swapped now. */
static bool needs_late_look(const struct capture *capture)
{
    for (size_t i = 0; i < capture->mapping_count; i++) {
        const struct mapping *mapping = &capture->mappings[i];
        if (mapping->record.flags & (CKPT_VMA_LOCKED | CKPT_VMA_LOCKED_ON_FAULT | CKPT_VMA_DONTFORK) ||
            mapping->ask_pages || may_be_asked_for(capture, mapping))
            return true;
    }
    return false;
}

void release_early_mappings(struct capture *capture)
{
    buffer_free(&capture->early_smaps);
    buffer_free(&capture->early_entries);
}

int look_at_mappings(struct capture *capture)
{
    if (!capture->request->cow || capture->copy_at_once)
        return 0;
    int error = read_smaps(&capture->early_smaps, &capture->early_entries, capture->pid);
    if (error < 0)
        return describe(capture, error);
    error = add_mappings(capture, &capture->early_entries);
    if (needs_late_look(capture))
        release_early_mappings(capture);
    release_mappings(capture);
    capture->strings.size = 0;
    return error;
}

static bool has_locked_memory(const struct capture *capture)
{
    AUTO_BUFFER struct buffer status = {0};
    return read_proc(&status, "%d/status", capture->pid) < 0 || text_number((char *)status.data, "VmLck:", 10, 1);
}

/* What the early look has told about the mapping of a line in maps, NULL when it was not there. Next is where to look
 * from, and moves on. */
static const char *early_details(const struct capture *capture, const struct smaps_entry *now, size_t *next)
{
    const struct smaps_entry *early = (const void *)capture->early_entries.data;
    size_t count = capture->early_entries.size / sizeof(*early);
    while (*next < count && early[*next].map.start < now->map.start)
        ++*next;
    return *next < count && strcmp(early[*next].line, now->line) == 0 ? early[*next].details : NULL;
}

/* One that has come or changed in the last moments: nothing is known, so it is taken for what needs most care. */
static void take_care(struct mapping *mapping)
{
    mapping->resident = mapping->swapped = mapping->record.end - mapping->record.start;
    if (mapping->record.kind == CKPT_MAPPING_SHARED_FILE)
        mapping->record.flags |= CKPT_VMA_MAY_WRITE;
}

int take_mappings(struct capture *capture)
{
    AUTO_BUFFER struct buffer maps = {0}, entries = {0};
    if (capture->early_entries.size && has_locked_memory(capture))
        release_early_mappings(capture);
    if (!capture->early_entries.size)
        return read_mappings(capture);
    int error = read_proc(&maps, "%d/maps", capture->pid);
    if (error == 0)
        error = split_smaps(&maps, &entries);
    if (error < 0)
        return describe(capture, error);
    const struct smaps_entry *entry = (void *)entries.data;
    size_t said = capture->report->count, next = 0;
    for (size_t i = 0; i < entries.size / sizeof(*entry); i++) {
        const char *details = early_details(capture, &entry[i], &next);
        error = add_mapping(capture, &entry[i].map, details ? details : "");
        if (error < 0)
            return error;
        if (!details)
            take_care(&capture->mappings[capture->mapping_count - 1]);
    }
    return capture->report->count > said ? -ENOTSUP : 0;
}

int compare_mappings(struct capture *capture)
{
    AUTO_BUFFER struct buffer own = {0}, copied = {0};
    if (!capture->early_entries.size)
        return 0;
    int error = read_proc(&own, "%d/maps", capture->pid);
    if (error == 0)
        error = read_proc(&copied, "%d/maps", capture->snapshot.pid);
    if (error < 0)
        return error;
    return own.size == copied.size && memcmp(own.data, copied.data, own.size) == 0 ? 0 : -ESTALE;
}

/* A mapping that has been taken for one that nobody writes to must be one. */
static bool was_taken_right(const struct mapping *mapping, uint32_t flags_before)
{
    return mapping->record.kind != CKPT_MAPPING_SHARED_FILE || flags_before & CKPT_VMA_MAY_WRITE ||
           !(mapping->record.flags & CKPT_VMA_MAY_WRITE);
}

int complete_mappings(struct capture *capture)
{
    AUTO_BUFFER struct buffer smaps = {0}, entries = {0};
    size_t said = capture->report->count, next = 0;
    if (!capture->early_entries.size)
        return 0;
    int error = read_smaps(&smaps, &entries, capture->snapshot.pid);
    if (error < 0)
        return describe(capture, error);
    const struct smaps_entry *entry = (void *)entries.data;
    size_t count = entries.size / sizeof(*entry);
    for (size_t i = 0; i < capture->mapping_count; i++) {
        struct mapping *mapping = &capture->mappings[i];
        uint32_t flags = mapping->record.flags;
        /* The scratch of the calls may have made one mapping of its neighbours, which it is no part of. */
        while (next < count && entry[next].map.end < mapping->record.end)
            next++;
        if (next == count || entry[next].map.start > mapping->record.start)
            return -ESTALE;
        set_details(capture, mapping, entry[next].details);
        if (!was_taken_right(mapping, flags))
            return -ESTALE;
    }
    return capture->report->count > said ? -ENOTSUP : 0;
}
