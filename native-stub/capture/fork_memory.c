/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fork_memory.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "pagemap.h"
#include "proc_files.h"

#define PIECE (UINT64_C(1) << 20)
#define SEARCHERS 4            /* threads at most */
#define ALONE_BYTES (UINT64_C(32) << 20) /* less than this is searched before a second thread has begun */

/* ---- what is where ---- */

/* A launch has all of its files in one, the image that it runs. */
static bool may_hold_asyncio(const struct map_line *map, const char *executable)
{
    static const char *const names[] = {"_asyncio", "libpython3", "python3"};
    if (map->name_length == strlen(executable) && memcmp(map->name, executable, map->name_length) == 0)
        return true;
    const char *file = map->name_length ? memrchr(map->name, '/', map->name_length) : NULL;
    for (size_t i = 0; file && i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length = strlen(names[i]), left = (size_t)(map->name + map->name_length - file - 1);
        if (left >= length && memcmp(file + 1, names[i], length) == 0)
            return true;
    }
    return false;
}

int read_places(struct program_memory *memory, const struct capture *capture)
{
    AUTO_BUFFER struct buffer maps = {0};
    char executable[PATH_MAX] = "";
    read_proc_link(executable, sizeof(executable), "%d/exe", capture->pid);
    *memory = (struct program_memory){.capture = capture};
    int error = read_proc(&maps, "%d/maps", capture->pid);
    for (char *line = (char *)maps.data; error == 0 && line && *line; ) {
        struct map_line map;
        if (parse_map_line(line, &map)) {
            struct place_kind place = {
                .start = map.start, .end = map.end, .readable = map.access[0] == 'r', .writable = map.access[1] == 'w',
                .executable = map.access[2] == 'x', .shared = map.access[3] == 's', .anonymous = map.inode == 0,
                .python = map.inode && may_hold_asyncio(&map, executable),
            };
            buffer_append(&memory->places, &place, sizeof(place));
        }
        line = strchr(line, '\n');
        if (line)
            line++;
    }
    return error < 0 ? error : memory->places.failed ? -ENOMEM : memory->places.size ? 0 : -ESRCH;
}

const struct place_kind *place_at(const struct program_memory *memory, uint64_t address)
{
    const struct place_kind *places = (void *)memory->places.data;
    size_t low = 0, high = memory->places.size / sizeof(*places);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (address >= places[middle].end)
            low = middle + 1;
        else
            high = middle;
    }
    return low < memory->places.size / sizeof(*places) && address >= places[low].start ? &places[low] : NULL;
}

bool read_memory(const struct program_memory *memory, uint64_t address, void *ret, size_t size)
{
    return (int64_t)address > 0 && pread(memory->capture->mem, ret, size, (off_t)address) == (ssize_t)size;
}

bool read_word(const struct program_memory *memory, uint64_t address, uint64_t *ret)
{
    return read_memory(memory, address, ret, sizeof(*ret));
}

bool read_int(const struct program_memory *memory, uint64_t address, uint32_t *ret)
{
    return read_memory(memory, address, ret, sizeof(*ret));
}

/* ---- searching through all of it ---- */

struct searching {
    const struct program_memory *memory;
    const struct memory_search *search;
    struct buffer pieces; /* struct piece */
    atomic_size_t next;
    atomic_int error;
};

struct piece {
    uint64_t start, end;
};

static void add_pieces(struct searching *searching, uint64_t start, uint64_t end)
{
    uint64_t low = start;
    for (uint64_t at = start; at < end; ) {
        struct piece piece = {at - low > searching->search->overlap ? at - searching->search->overlap : low, at + PIECE};
        if (piece.end > end)
            piece.end = end;
        at = piece.end;
        buffer_append(&searching->pieces, &piece, sizeof(piece));
    }
}

int list_written(const struct program_memory *memory, bool (*accept)(const struct place_kind *place), struct buffer *ranges)
{
    const struct place_kind *places = (void *)memory->places.data;
    AUTO_BUFFER struct buffer pages = {0};
    for (size_t i = 0; i < memory->places.size / sizeof(*places); i++) {
        pages.size = 0;
        int error = accept(&places[i]) ? list_pages(memory->capture->pagemap, places[i].start, places[i].end, true, &pages) : 0;
        if (error < 0)
            return error;
        const struct page_range *range = (void *)pages.data;
        for (size_t j = 0; j < pages.size / sizeof(*range); j++) {
            struct scan_range written = {range[j].start, range[j].end};
            if (range[j].kind == PAGES_ANONYMOUS)
                buffer_append(ranges, &written, sizeof(written));
        }
    }
    return ranges->failed ? -ENOMEM : 0;
}

static int list_pieces(struct searching *searching)
{
    const struct program_memory *memory = searching->memory;
    const struct place_kind *places = (void *)memory->places.data;
    AUTO_BUFFER struct buffer ranges = {0};
    int error = searching->search->only_written ? list_written(memory, searching->search->accept, &ranges) : 0;
    const struct scan_range *range = (void *)ranges.data;
    for (size_t i = 0; error == 0 && i < ranges.size / sizeof(*range); i++)
        add_pieces(searching, range[i].start, range[i].end);
    /* A fork does not copy what page tables say of files. */
    for (size_t i = 0; !searching->search->only_written && i < memory->places.size / sizeof(*places); i++)
        if (searching->search->accept(&places[i]))
            add_pieces(searching, places[i].start, places[i].end);
    return error < 0 ? error : searching->pieces.failed ? -ENOMEM : 0;
}

/* Not by process_vm_readv(2), which pins pages: what a child has in common with its parent would be copied for that (mm/gup.c,
 * gup_must_unshare). Guard pages of some kernels look like others and cannot be read: page by page then. */
static void look_at_piece(const struct searching *searching, const struct piece *piece, uint8_t *bytes)
{
    const struct memory_search *search = searching->search;
    size_t size = piece->end - piece->start;
    if (pread(searching->memory->capture->mem, bytes, size, (off_t)piece->start) == (ssize_t)size) {
        search->look(search->context, piece->start, bytes, size);
        return;
    }
    for (uint64_t at = piece->start; at < piece->end; ) {
        uint64_t end = (at & ~(uint64_t)(CKPT_PAGE_SIZE - 1)) + CKPT_PAGE_SIZE;
        size_t part = (end < piece->end ? end : piece->end) - at;
        if (pread(searching->memory->capture->mem, bytes, part, (off_t)at) == (ssize_t)part)
            search->look(search->context, at, bytes, part);
        at += part;
    }
}

static void *search_pieces(void *argument)
{
    struct searching *searching = argument;
    const struct piece *pieces = (void *)searching->pieces.data;
    size_t count = searching->pieces.size / sizeof(*pieces), index;
    AUTO_FREE uint8_t *bytes = malloc(PIECE + searching->search->overlap);
    if (!bytes)
        atomic_store(&searching->error, -ENOMEM);
    while (bytes && (index = atomic_fetch_add(&searching->next, 1)) < count)
        look_at_piece(searching, &pieces[index], bytes);
    return NULL;
}

int search_memory(const struct program_memory *memory, const struct memory_search *search)
{
    struct searching searching = {.memory = memory, .search = search};
    pthread_t others[SEARCHERS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int error = list_pieces(&searching), count = 0;
    if (error == 0) {
        while (searching.pieces.size / sizeof(struct piece) * PIECE > ALONE_BYTES && count < SEARCHERS - 1 &&
               count < processors - 1 && pthread_create(&others[count], NULL, search_pieces, &searching) == 0)
            count++;
        search_pieces(&searching);
        while (count > 0)
            pthread_join(others[--count], NULL);
        error = atomic_load(&searching.error);
    }
    buffer_free(&searching.pieces);
    return error;
}
