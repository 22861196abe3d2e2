/* SPDX-License-Identifier: Apache-2.0 */
/* What the memory of a stopped program holds, by address. */
#ifndef UNDUMP_CAPTURE_FORK_MEMORY_H
#define UNDUMP_CAPTURE_FORK_MEMORY_H

#include "fork_scan.h"
#include "state.h"

struct place_kind {
    uint64_t start, end;
    bool readable, writable, executable, shared;
    bool anonymous; /* no file behind it */
    bool python;    /* a file that may hold the asyncio module */
};

struct program_memory {
    const struct capture *capture;
    struct buffer places; /* struct place_kind, by address */
};

/* Reads /proc/PID/maps. Returns 0 or -errno. */
int read_places(struct program_memory *memory, const struct capture *capture);

const struct place_kind *place_at(const struct program_memory *memory, uint64_t address);

/* False when the bytes are not there. */
bool read_memory(const struct program_memory *memory, uint64_t address, void *ret, size_t size);
bool read_word(const struct program_memory *memory, uint64_t address, uint64_t *ret);
bool read_int(const struct program_memory *memory, uint64_t address, uint32_t *ret);

/* Appends the ranges (struct scan_range) of the places that accept says yes to which the program has written. Returns 0 or -errno. */
int list_written(const struct program_memory *memory, bool (*accept)(const struct place_kind *place), struct buffer *ranges);

/* Calls look for pieces of the memory of the places that accept says yes to, of which only pages that the program has written
 * when only_written; a piece has 8-byte words and may be looked at from several threads at once. Returns 0 or -errno. */
struct memory_search {
    bool (*accept)(const struct place_kind *place);
    bool only_written;
    void (*look)(void *context, uint64_t address, const uint8_t *bytes, size_t size);
    void *context;
    size_t overlap; /* bytes of the piece before that come again */
};
int search_memory(const struct program_memory *memory, const struct memory_search *search);

#endif
