/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pagemap.h"
#include "proc_files.h"

#define PAGE CKPT_PAGE_SIZE

static void add_range(struct buffer *ranges, uint64_t start, uint64_t end)
{
    struct page_range *last = (void *)(ranges->data + ranges->size);
    if (ranges->size && last[-1].end == start) {
        last[-1].end = end;
        return;
    }
    struct page_range range = {start, end, PAGES_ANONYMOUS};
    buffer_append(ranges, &range, sizeof(range));
}

bool list_shared_by_seeking(struct capture *capture, struct mapping *mapping)
{
    const struct ckpt_mapping *record = &mapping->record;
    AUTO_CLOSE int fd = open_proc(O_RDONLY, "%d/map_files/%llx-%llx", capture->pid, (unsigned long long)record->start,
                                  (unsigned long long)record->end);
    if (fd < 0)
        return false;
    uint64_t end = record->file_offset + (record->end - record->start);
    for (uint64_t at = record->file_offset; at < end; ) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        if (data < 0)
            return errno == ENXIO; /* no data behind */
        off_t hole = lseek(fd, data, SEEK_HOLE);
        if (hole < 0)
            return false;
        uint64_t stop = (uint64_t)hole < end ? (uint64_t)hole : end;
        if ((uint64_t)data < stop)
            add_range(&mapping->shared_pages, record->start + ((uint64_t)data - record->file_offset),
                      record->start + (stop - record->file_offset));
        at = (uint64_t)hole;
    }
    return !mapping->shared_pages.failed;
}

bool needs_shared_questions(const struct capture *capture)
{
    for (size_t i = 0; i < capture->mapping_count; i++)
        if (capture->mappings[i].ask_pages)
            return true;
    return false;
}

static int ask_mapping(struct injector *injector, struct mapping *mapping, uint8_t *present)
{
    uint64_t piece = injector->arguments_size * PAGE;
    for (uint64_t at = mapping->record.start; at < mapping->record.end; at += piece) {
        uint64_t length = mapping->record.end - at < piece ? mapping->record.end - at : piece;
        uint64_t arguments[6] = {at, length, injector->arguments};
        int64_t result;
        int error = inject_call(injector, &result, SYS_mincore, arguments);
        if (error == 0 && result == 0)
            error = inject_read(injector, 0, present, length / PAGE);
        if (error < 0)
            return error;
        if (result < 0)
            memset(present, 1, length / PAGE);
        for (uint64_t page = 0; page < length / PAGE; page++)
            if (present[page] & 1)
                add_range(&mapping->shared_pages, at + page * PAGE, at + (page + 1) * PAGE);
    }
    return 0;
}

int list_shared_by_asking(struct injector *injector, struct capture *capture)
{
    AUTO_FREE uint8_t *present = malloc(injector->arguments_size);
    if (!present)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    for (size_t i = 0; i < capture->mapping_count; i++) {
        struct mapping *mapping = &capture->mappings[i];
        if (!mapping->ask_pages)
            continue;
        int error = 0;
        if (mapping->swapped) /* mincore calls swapped pages absent */
            add_range(&mapping->shared_pages, mapping->record.start, mapping->record.end);
        else
            error = ask_mapping(injector, mapping, present);
        if (error < 0)
            return error;
    }
    return 0;
}
