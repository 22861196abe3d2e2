/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Large anonymous memory that is filled before READY, with a model of what each page must hold.
 *
 * A launch may map such memory from a file. The fixtures that use this header prove that nobody can
 * tell: each operation that a program may do to anonymous memory is done to captured areas, in every
 * way of calling the kernel and from every place that programs call it from.
 */
#ifndef UNDUMP_AREAS_H
#define UNDUMP_AREAS_H

#include "fixture.h"

#include <sys/mman.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

enum area_kind {
    AREA_MMAP,        /* a mapping of its own */
    AREA_MALLOC,      /* inside a block of malloc */
    AREA_BREAK,       /* below the break */
    AREA_RESERVATION, /* a committed part of a PROT_NONE mapping */
    AREA_HOLES,       /* every second run of HOLE_PAGES pages was never touched */
    AREA_READONLY,    /* filled, then PROT_READ */
    AREA_NONE,        /* filled, then PROT_NONE */
    AREA_STACK,       /* on the stack of a thread that waits */
    AREA_KINDS
};

enum { HOLE_PAGES = 64, AREA_PAGES = 512 };

/* What a page must hold: zeros, or the pattern of a generation. Generation 1 is that of before READY. */
enum page_state { PAGE_ZERO = 0, PAGE_FIRST = 1, PAGE_FREED = 254, PAGE_SKIPPED = 255 };

struct area {
    enum area_kind kind;
    const char *name;
    unsigned char *start;
    size_t pages;
    uint64_t seed;
    int protection;
    uint8_t *state; /* of each page */
};

/* Instead of fixture_begin(): the first argument is the way of calling, libc (default), raw, asm or
   unknown (the number comes from memory); the second the place, see in_place(). */
void areas_begin(int argc, char **argv, const char *description);

/* Makes and fills an area. There may be as many as AREAS_MAX with PAGES_MAX pages altogether. */
enum { AREAS_MAX = 64, PAGES_MAX = 1 << 18 };
struct area *make_area(enum area_kind kind, size_t pages);

/* A fresh mapping with the contents that AREA had at READY: what the kernel does to it is right. */
struct area *make_twin(const struct area *area);

/* Another address for the same contents. */
void area_moved(struct area *area, void *start);
void area_protect(struct area *area, int protection);
void area_expect(struct area *area, size_t first, size_t count, enum page_state state);

/* Writes the pages with a further generation, and expects that. */
void area_write(struct area *area, size_t first, size_t count);

/* Checks pages; changes the protection for it where they cannot be read. A freed page is old or zero. */
void area_check(struct area *area);
void area_check_part(struct area *area, size_t first, size_t count);
void check_all_areas(void);

unsigned char *area_page(const struct area *area, size_t page);

/* System calls in the chosen way; like libc's: -1 or MAP_FAILED, and errno. */
int call_madvise(void *address, size_t size, int advice);
void *call_mremap(void *old, size_t old_size, size_t new_size, int flags, void *target);
int call_munmap(void *address, size_t size);
void *call_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset);
int call_mprotect(void *address, size_t size, int protection);

/* madvise that must succeed, and the model follows. */
void area_discard(struct area *area, size_t first, size_t count);

/*
 * Runs SUITE where the second argument says, and then check_all_areas() here:
 * "" here; thread; signal (a handler); altstack (a handler on another stack); fork (a child: this process keeps
 * its contents); vm (a child that shares the memory); nofds (no descriptor is free); chroot (an empty root);
 * seccomp (files cannot be opened); crowded (no mapping can be added).
 */
void in_place(void (*suite)(void));
bool place_is(const char *name);
/* True when the descriptors or files that a look at /proc needs cannot be had. */
bool place_hides_proc(void);

/* The rest of the mappings that vm.max_map_count allows, but SPARE, are used up. */
void crowd_mappings(size_t spare);

/* Runs BODY in a child made by fork, or one that shares memory, and checks that it ended with 0. */
void in_child(void (*body)(void));
void in_sharing_child(void (*body)(void));

#endif
