/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy memory made by hand beside a twin that is truly anonymous, and calls on both.
 *
 * Two arenas of the same layout lie at fixed addresses. Of the lazy one, parts are mapped privately from a file that
 * stands for the image. A call is made on it by way of the handler, as intercept.S would, and on the twin by the kernel.
 */
#ifndef UNDUMP_TEST_LAZY_ARENA_H
#define UNDUMP_TEST_LAZY_ARENA_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "image_format.h"

static struct image_resident *arena_record;
static const char *arena_maps_path = "/proc/thread-self/maps";
static bool arena_may_mount;
static uint64_t arena_query_command = 0xc0686611;

#define INTERCEPT_RECORD arena_record
#define MAPS_PATH arena_maps_path
#define MAPS_QUERY_COMMAND arena_query_command
#define MAPS_OPEN_DETACHED() (arena_may_mount ? open_detached() : -ENOENT)

#include "restore/intercept.c"
#include "restore/intercept_enter.c"
#include "restore/lazy_advise.c"
#include "restore/lazy_convert.c"
#include "restore/lazy_memory.c"
#include "restore/lazy_process.c"
#include "restore/lazy_ranges.c"
#include "restore/lazy_remap.c"
#include "restore/lazy_stop.c"
#include "restore/terminal_redraw.c"
#include "restore/lazy_tracer.c"
#include "restore/maps.c"
#include "restore/maps_line.c"
#include "restore/text.c"
#include "src/test/c/support/work_folder.h"

#define PAGE 4096UL
#define ARENA_SLOT 0x200000000000UL
#define ARENA_LAZY 0x300000000000UL
#define ARENA_TWIN 0x310000000000UL
#define ARENA_PAGES 96
#define REGION_FIRST 8 /* what is mapped at first */
#define REGION_PAGES 48
#define FILE_FIRST 70 /* pages of the same file that are no lazy memory: the program's own */
#define FILE_PAGES 3
#define ARENA_RANGES 3

static const struct { uint64_t first, pages; } arena_parts[ARENA_RANGES] = {{12, 20}, {32, 4}, {40, 8}};
static int arena_file = -1;

static inline uint64_t *arena_word(uint64_t arena, uint64_t page)
{
    return (uint64_t *)(arena + page * PAGE);
}

static inline void arena_require(bool good, const char *what)
{
    if (!good)
        err(1, "%s", what);
}

static inline void arena_map(uint64_t address, uint64_t length, int protection, int flags, int fd, uint64_t offset)
{
    arena_require(mmap((void *)address, length, protection, flags | MAP_FIXED, fd, (off_t)offset) == (void *)address, "mmap");
}

/* File and record; once per process. */
static inline void arena_start(void)
{
    char name[WORK_PATH_BYTES];
    struct maps maps;
    struct maps_vma vma;

    work_path(name, "lazy");
    arena_file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    arena_require(arena_file >= 0 && unlink(name) == 0, "temporary file");
    for (uint64_t page = 0; page < ARENA_PAGES; page++) {
        uint64_t words[PAGE / 8];

        for (uint64_t i = 0; i < PAGE / 8; i++)
            words[i] = page << 32 | i << 8 | 0x11;
        arena_require(pwrite(arena_file, words, PAGE, (off_t)(page * PAGE)) == (ssize_t)PAGE, "writing the file");
    }
    arena_record = (struct image_resident *)(ARENA_SLOT + IMAGE_RESIDENT);
    arena_map((uint64_t)arena_record, intercept_record_bytes(ARENA_RANGES), PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    arena_map(ARENA_SLOT + IMAGE_DONE_BITS, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *arena_record = (struct image_resident){.magic = IMAGE_RESIDENT_MAGIC_U64, .slot = ARENA_SLOT, .active = 1,
                                            .range_count = ARENA_RANGES};
    for (uint64_t i = 0, bit = 0; i < ARENA_RANGES; bit += arena_parts[i++].pages)
        arena_record->ranges[i] = (struct image_lazy_range){.address = ARENA_LAZY + arena_parts[i].first * PAGE,
                                                            .length = arena_parts[i].pages * PAGE, .first_page = bit,
                                                            .image_page = (uint32_t)arena_parts[i].first};
    arena_map(ARENA_LAZY, PAGE, PROT_READ, MAP_PRIVATE, arena_file, 0);
    arena_require(maps_open(&maps, arena_record) == 0 && maps_find(&maps, ARENA_LAZY, &vma) == 1, "maps");
    maps_close(&maps);
    arena_record->device_major = vma.device_major;
    arena_record->device_minor = vma.device_minor;
    arena_record->inode = vma.inode;
}

/* Both arenas as after a launch: the same contents everywhere. */
static inline void arena_reset(void)
{
    arena_require(munmap((void *)ARENA_LAZY, ARENA_PAGES * PAGE) == 0 && munmap((void *)ARENA_TWIN, ARENA_PAGES * PAGE) == 0,
                  "munmap");
    memset((void *)(ARENA_SLOT + IMAGE_DONE_BITS), 0, PAGE);
    arena_record->attributes = arena_record->split_count = 0;
    arena_record->active = 1;
    for (int twin = 0; twin < 2; twin++) {
        uint64_t arena = twin ? ARENA_TWIN : ARENA_LAZY;

        arena_map(arena + REGION_FIRST * PAGE, REGION_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        arena_map(arena + FILE_FIRST * PAGE, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, arena_file,
                  FILE_FIRST * PAGE);
        arena_require(pread(arena_file, (void *)(arena + REGION_FIRST * PAGE), REGION_PAGES * PAGE, REGION_FIRST * PAGE) ==
                          (ssize_t)(REGION_PAGES * PAGE), "reading the file");
    }
    for (int i = 0; i < ARENA_RANGES; i++) {
        uint64_t start = arena_parts[i].first * PAGE;

        arena_map(ARENA_LAZY + start, arena_parts[i].pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, arena_file, start);
        *(volatile uint64_t *)(ARENA_LAZY + start) = *(volatile uint64_t *)(ARENA_LAZY + start); /* anon_vma, as at launch */
    }
}

/* As intercept.S does it, on this stack. */
static inline int64_t arena_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct intercept_registers registers = {.ax = number, .di = a, .si = b, .dx = c, .r10 = d, .r8 = e, .r11 = 1, .bp = 2};
    uint64_t way = intercept_enter(&registers);

    if (way == INTERCEPT_PASS)
        return syscall6((int64_t)number, a, b, c, d, e, 0);
    if (way != INTERCEPT_DONE) {
        struct intercept_frame *frame = (struct intercept_frame *)way;

        intercept_work(frame);
        if (intercept_leave(frame, &registers) == INTERCEPT_PASS)
            return syscall6((int64_t)number, a, b, c, d, e, 0);
    }
    if (registers.di != a || registers.si != b || registers.dx != c || registers.r10 != d || registers.r8 != e ||
        registers.r11 != 1 || registers.bp != 2)
        errx(1, "registers changed");
    return (int64_t)registers.ax;
}

/* What the kernel says of a page; false where nothing is mapped. */
static inline bool arena_mapping_of(uint64_t address, struct maps_vma *ret_vma)
{
    struct maps maps;
    int result;

    arena_require(maps_open(&maps, arena_record) == 0, "maps");
    result = maps_find(&maps, address, ret_vma);
    maps_close(&maps);
    return result == 1 && ret_vma->start <= address;
}

/* Its protection, or -1 where nothing is mapped. */
static inline int arena_protection(uint64_t address)
{
    struct maps_vma vma;

    return arena_mapping_of(address, &vma) ? (int)vma.protection : -1;
}

/* Three words of each page, where they can be read, and its rights. */
struct arena_look {
    uint64_t words[ARENA_PAGES][3];
    bool readable[ARENA_PAGES];
    int protection[ARENA_PAGES]; /* -1: not mapped */
};

static inline void arena_look_at_rights(uint64_t address, uint64_t pages, struct arena_look *look)
{
    uint64_t end = address + pages * PAGE, next = address;
    struct maps_vma vma;
    struct maps maps;

    arena_require(maps_open(&maps, arena_record) == 0, "maps");
    while (next < end && maps_find(&maps, next, &vma) == 1 && vma.start < end) {
        for (next = vma.start > next ? vma.start : next; next < vma.end && next < end; next += PAGE)
            look->protection[(next - address) / PAGE] = (int)vma.protection;
    }
    maps_close(&maps);
}

static inline void arena_look_at(uint64_t address, uint64_t pages, struct arena_look *ret_look)
{
    static const uint64_t places[3] = {0, 1024, PAGE - 8};
    struct iovec from[ARENA_PAGES * 3];
    uint64_t page = 0;

    memset(ret_look, 0, sizeof(*ret_look));
    memset(ret_look->protection, -1, sizeof(ret_look->protection));
    arena_look_at_rights(address, pages, ret_look);
    for (uint64_t i = 0; i < pages * 3; i++)
        from[i] = (struct iovec){(void *)(address + i / 3 * PAGE + places[i % 3]), 8};
    while (page < pages) { /* one call up to the next page that cannot be read */
        struct iovec to = {ret_look->words[page], (pages - page) * 24};
        bool may = ret_look->protection[page] > 0 && (ret_look->protection[page] & PROT_READ) != 0;
        ssize_t bytes = may ? process_vm_readv(getpid(), &to, 1, from + page * 3, (pages - page) * 3, 0) : -1;

        for (ssize_t read = 0; read < bytes; read += 24)
            ret_look->readable[page++] = true;
        page += bytes < (ssize_t)to.iov_len;
    }
}

/* The same of one page. */
static inline bool arena_read(uint64_t address, uint64_t ret_words[3])
{
    struct iovec to = {ret_words, 24};
    struct iovec from[3] = {{(void *)address, 8}, {(void *)(address + 1024), 8}, {(void *)(address + PAGE - 8), 8}};

    return process_vm_readv(getpid(), &to, 1, from, 3, 0) == 24;
}

#endif
