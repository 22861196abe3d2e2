/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "code.h"

#include <string.h>
#include <unistd.h>

#include "proc_files.h"

#define PIECE (1u << 20)
#define OVERLAP 64 /* bytes; longer than any sequence that is looked for */

struct code_range {
    uint64_t start, end;
};

static int compare_sizes(const void *left, const void *right)
{
    const struct code_range *a = left, *b = right;
    uint64_t size_a = a->end - a->start, size_b = b->end - b->start;
    return size_a < size_b ? -1 : size_a > size_b;
}

/* Code of files and the vdso; code that a compiler makes at run time may be gone in a moment. */
static void list_code(struct capture *capture, struct buffer *ranges)
{
    AUTO_BUFFER struct buffer maps = {0};
    if (read_proc(&maps, "%d/maps", capture->pid) < 0)
        return;
    for (char *line = (char *)maps.data; line && *line; ) {
        struct map_line map;
        if (parse_map_line(line, &map) && map.access[0] == 'r' && map.access[2] == 'x' && map.name_length &&
            (map.name[0] == '/' || strncmp(map.name, "[vdso]", 6) == 0)) {
            struct code_range range = {map.start, map.end};
            buffer_append(ranges, &range, sizeof(range));
        }
        line = strchr(line, '\n');
        if (line)
            line++;
    }
}

static void find_tail(struct capture *capture, uint64_t end)
{
    static const uint8_t zero[CODE_BYTES];
    uint8_t bytes[CODE_BYTES];
    if (!capture->gadgets.tail &&
        pread(capture->mem, bytes, sizeof(bytes), (off_t)(end - sizeof(bytes))) == sizeof(bytes) &&
        memcmp(bytes, zero, sizeof(zero)) == 0)
        capture->gadgets.tail = end - sizeof(bytes);
}

static bool complete(const struct gadgets *gadgets)
{
    return gadgets->returning.address && gadgets->restorer;
}

void find_code(struct capture *capture)
{
    AUTO_BUFFER struct buffer ranges = {0};
    AUTO_FREE uint8_t *piece = malloc(PIECE);
    memset(&capture->gadgets, 0, sizeof(capture->gadgets));
    list_code(capture, &ranges);
    if (!piece || ranges.failed || !ranges.size)
        return;
    struct code_range *range = (void *)ranges.data;
    size_t count = ranges.size / sizeof(*range);
    /* The smallest first: the dynamic linker has it all and takes no time. */
    qsort(range, count, sizeof(*range), compare_sizes);
    for (size_t i = 0; i < count && !complete(&capture->gadgets); i++) {
        find_tail(capture, range[i].end);
        for (uint64_t at = range[i].start; at < range[i].end && !complete(&capture->gadgets); at += PIECE - OVERLAP) {
            uint64_t left = range[i].end - at;
            ssize_t size = pread(capture->mem, piece, left < PIECE ? left : PIECE, (off_t)at);
            if (size <= 0)
                break;
            find_gadgets(piece, (size_t)size, at, &capture->gadgets);
        }
    }
}

static bool found_again(const struct capture *capture, uint64_t address)
{
    uint8_t bytes[OVERLAP];
    struct gadgets now = {0};
    ssize_t size = pread(capture->mem, bytes, sizeof(bytes), (off_t)address);
    if (size <= 0)
        return false;
    find_gadgets(bytes, (size_t)size, address, &now);
    return now.returning.address == address || now.bare == address || now.restorer == address;
}

bool check_code(const struct capture *capture)
{
    const struct gadgets *gadgets = &capture->gadgets;
    return gadgets->bare && found_again(capture, gadgets->bare) &&
           (!gadgets->returning.address || found_again(capture, gadgets->returning.address)) &&
           (!gadgets->restorer || found_again(capture, gadgets->restorer));
}
