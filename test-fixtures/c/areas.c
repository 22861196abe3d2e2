/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

static struct area areas[AREAS_MAX];
static size_t area_count, states_used;
static uint8_t states[PAGES_MAX];

static const char *const names[AREA_KINDS] = {"mmap",  "malloc",   "break", "reservation",
                                              "holes", "readonly", "none",  "stack"};

/* ---- the ways to have memory ---- */

/* Page aligned part of a larger block. */
static unsigned char *inner(void *block) {
    return (unsigned char *)(((uintptr_t)block + PAGE - 1) & ~(PAGE - 1));
}

static unsigned char *from_break(size_t size) {
#ifdef __GLIBC__
    void *old = sbrk((intptr_t)(size + PAGE));
    CHECK(old != (void *)-1, "sbrk: errno %d", errno);
    return inner(old);
#else /* musl's sbrk moves nothing */
    uintptr_t old = (uintptr_t)syscall(SYS_brk, 0);
    uintptr_t wanted = ((old + PAGE - 1) & ~(PAGE - 1)) + size;
    CHECK_EQ(syscall(SYS_brk, wanted), (long)wanted);
    return (unsigned char *)(wanted - size);
#endif
}

static unsigned char *from_reservation(size_t size) {
    unsigned char *all = map_memory(4 * size, PROT_NONE, MAP_NORESERVE);
    MUST(mprotect(all + size, size, PROT_READ | PROT_WRITE));
    return all + size;
}

struct stack_owner {
    size_t size;
    unsigned char *memory;
    volatile int ready, end;
};

static void *own_stack(void *argument) {
    struct stack_owner *owner = argument;
    volatile unsigned char memory[owner->size + PAGE];
    owner->memory = inner((void *)memory);
    raise_flag(&owner->ready);
    await_flag(&owner->end);
    return NULL;
}

static unsigned char *from_stack(size_t size) {
    struct stack_owner *owner = calloc(1, sizeof *owner);
    pthread_attr_t attributes;
    pthread_t thread;
    owner->size = size;
    MUST0(pthread_attr_init(&attributes));
    MUST0(pthread_attr_setstacksize(&attributes, 2 * size + MIB));
    MUST0(pthread_create(&thread, &attributes, own_stack, owner));
    await_flag(&owner->ready);
    return owner->memory;
}

static unsigned char *memory_of(enum area_kind kind, size_t size) {
    switch (kind) {
    case AREA_MALLOC:
        return inner(malloc(size + PAGE));
    case AREA_BREAK:
        return from_break(size);
    case AREA_RESERVATION:
        return from_reservation(size);
    case AREA_STACK:
        return from_stack(size);
    default:
        return map_memory(size, PROT_READ | PROT_WRITE, 0);
    }
}

/* ---- areas ---- */

static struct area *new_area(enum area_kind kind, size_t pages) {
    CHECK(area_count < AREAS_MAX && states_used + pages <= PAGES_MAX, "too many areas");
    struct area *area = &areas[area_count++];
    *area = (struct area){.kind = kind, .name = names[kind], .pages = pages, .seed = area_count,
                          .protection = PROT_READ | PROT_WRITE, .state = states + states_used};
    states_used += pages;
    return area;
}

unsigned char *area_page(const struct area *area, size_t page) {
    return area->start + page * PAGE;
}

static uint64_t seed_of(const struct area *area, size_t page, int generation) {
    return area->seed << 32 | (uint64_t)generation << 24 | page;
}

static void write_page(struct area *area, size_t page, int generation) {
    fill_pattern(area_page(area, page), PAGE, seed_of(area, page, generation));
    area->state[page] = (uint8_t)generation;
}

static bool is_hole(const struct area *area, size_t page) {
    return area->kind == AREA_HOLES && page / HOLE_PAGES % 2 == 1;
}

static void fill(struct area *area) {
    for (size_t page = 0; page < area->pages; page++)
        if (!is_hole(area, page))
            write_page(area, page, PAGE_FIRST);
    if (area->kind == AREA_READONLY)
        area_protect(area, PROT_READ);
    if (area->kind == AREA_NONE)
        area_protect(area, PROT_NONE);
}

struct area *make_area(enum area_kind kind, size_t pages) {
    struct area *area = new_area(kind, pages);
    area->start = memory_of(kind, pages * PAGE);
    fill(area);
    return area;
}

struct area *make_twin(const struct area *of) {
    struct area *area = new_area(of->kind, of->pages);
    area->name = "twin";
    area->seed = of->seed;
    area->start = map_memory(of->pages * PAGE, PROT_READ | PROT_WRITE, 0);
    fill(area);
    return area;
}

void area_moved(struct area *area, void *start) {
    area->start = start;
}

void area_protect(struct area *area, int protection) {
    MUST(mprotect(area->start, area->pages * PAGE, protection));
    area->protection = protection;
}

void area_expect(struct area *area, size_t first, size_t count, enum page_state state) {
    memset(area->state + first, state, count);
}

void area_write(struct area *area, size_t first, size_t count) {
    for (size_t page = first; page < first + count; page++) {
        int old = area->state[page];
        write_page(area, page, old >= PAGE_FREED ? 2 : old % 100 + 1);
    }
}

static bool page_holds(const struct area *area, size_t page, int generation) {
    const uint64_t *words = (const void *)area_page(area, page);
    for (size_t i = 0; i < PAGE / 8; i++)
        if (words[i] != (generation ? pattern_word(seed_of(area, page, generation), i) : 0))
            return false;
    return true;
}

static void check_page(const struct area *area, size_t page) {
    int expected = area->state[page];
    if (expected == PAGE_SKIPPED || page_holds(area, page, expected))
        return;
    if (expected == PAGE_FREED && (page_holds(area, page, PAGE_ZERO) || page_holds(area, page, PAGE_FIRST)))
        return;
    int found = -1;
    for (int generation = 0; generation <= 100 && found < 0; generation++)
        if (page_holds(area, page, generation))
            found = generation;
    fail("%s area, page %zu at %p: expected state %d, found %d, first word 0x%llx (0: zeros, 1: as before READY,"
         " -1: foreign)", area->name, page, (void *)area_page(area, page), expected, found,
         (unsigned long long)*(const uint64_t *)(const void *)area_page(area, page));
}

void area_check_part(struct area *area, size_t first, size_t count) {
    bool hidden = !(area->protection & PROT_READ);
    if (hidden)
        MUST(mprotect(area_page(area, first), count * PAGE, PROT_READ));
    for (size_t page = first; page < first + count; page++)
        check_page(area, page);
    if (hidden)
        MUST(mprotect(area_page(area, first), count * PAGE, area->protection));
}

void area_check(struct area *area) {
    area_check_part(area, 0, area->pages);
}

void check_all_areas(void) {
    for (size_t i = 0; i < area_count; i++)
        area_check(&areas[i]);
}

void area_discard(struct area *area, size_t first, size_t count) {
    CHECK(call_madvise(area_page(area, first), count * PAGE, MADV_DONTNEED) == 0,
          "MADV_DONTNEED of %zu pages of %s: errno %d", count, area->name, errno);
    area_expect(area, first, count, PAGE_ZERO);
}
