/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads discard, write, read and move at the same time in the same memory. Pages of one area belong, by their number,
 * to one that discards it, one that counts in it, one that only reads it, and two that fight for it.
 */
#include "areas.h"

#include <sched.h>
#include <stdlib.h>

enum { ROUNDS = 60, WORDS = PAGE / 8, STRIDE = 4, FIGHTER_TAG = 0x7a };
enum role { DISCARDED, COUNTED, KEPT, FOUGHT };

static struct area *common, *moving, *ranged;
static volatile int running, started;

static uint64_t *words_of(const struct area *area, size_t page) {
    return (uint64_t *)(void *)area_page(area, page);
}

static bool goes_on(void) {
    return __atomic_load_n(&running, __ATOMIC_SEQ_CST);
}

static void check_in(void) {
    __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
}

/* No count is lost, whatever is discarded beside it. */
static void *count_pages(void *unused) {
    uint64_t round = 0;
    check_in();
    for (size_t page = COUNTED; page < common->pages; page += STRIDE)
        words_of(common, page)[1] = 0;
    for (; goes_on(); round++)
        for (size_t page = COUNTED; page < common->pages; page += STRIDE) {
            uint64_t *words = words_of(common, page);
            CHECK(words[1] == round, "page %zu: count %llu instead of %llu", page, (unsigned long long)words[1],
                  (unsigned long long)round);
            words[1] = round + 1;
        }
    return unused;
}

static void *read_pages(void *unused) {
    check_in();
    do {
        for (size_t page = KEPT; page < common->pages; page += STRIDE)
            area_check_part(common, page, 1);
    } while (goes_on());
    return unused;
}

/* Writes a tag into pages that another thread discards: they hold the tag or zeros from their first discard on. */
static void *fight_for_pages(void *unused) {
    check_in();
    while (goes_on())
        for (size_t page = FOUGHT; page < common->pages; page += STRIDE) {
            uint64_t *words = words_of(common, page);
            for (int i = 0; i < 20; i++)
                __atomic_store_n(&words[i], FIGHTER_TAG, __ATOMIC_RELAXED);
            uint64_t last = __atomic_load_n(&words[WORDS - 1], __ATOMIC_RELAXED);
            CHECK(last == 0, "page %zu: old contents came back: 0x%llx", page, (unsigned long long)last);
            for (int i = 0; i < 20; i++) {
                uint64_t word = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
                CHECK(word == 0 || word == FIGHTER_TAG, "page %zu: foreign word 0x%llx", page, (unsigned long long)word);
            }
        }
    return unused;
}

static void discard_pages(enum role role) {
    for (size_t page = role; page < common->pages; page += STRIDE) {
        MUST(call_madvise(area_page(common, page), PAGE, MADV_DONTNEED));
        if (role == DISCARDED) {
            CHECK(words_of(common, page)[0] == 0 && words_of(common, page)[WORDS - 1] == 0, "page %zu is not zero", page);
            words_of(common, page)[0] = page;
            words_of(common, page)[WORDS - 1] = page;
        }
    }
}

/* Large ranges: one thread discards one half and uses it, the other the other half. */
static void *discard_ranges(void *argument) {
    size_t half = *(const int *)argument ? ranged->pages / 2 : 0, count = ranged->pages / 2;
    check_in();
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t first = half + (round * 37) % (count / 2), length = 20 + (round * 53) % (count / 2 - 20);
        MUST(call_madvise(area_page(ranged, first), length * PAGE, MADV_DONTNEED));
        for (size_t page = first; page < first + length; page++) {
            CHECK(words_of(ranged, page)[3] == 0, "page %zu of a range is not zero", page);
            words_of(ranged, page)[3] = round + 1;
        }
        for (size_t page = first; page < first + length; page++)
            CHECK_EQ(words_of(ranged, page)[3], round + 1);
    }
    return NULL;
}

/* Moves and changes its own area all the time: the mappings around the others come and go. */
static void *move_area(void *unused) {
    check_in();
    for (int i = 0; goes_on() || i < 10; i++) {
        void *there = call_mremap(moving->start, (moving->pages + (size_t)(i % 2) * 8) * PAGE,
                                  (moving->pages + (size_t)((i + 1) % 2) * 8) * PAGE, MREMAP_MAYMOVE, NULL);
        CHECK(there != MAP_FAILED, "mremap %d: errno %d", i, errno);
        area_moved(moving, there);
        if (i % 8 == 0)
            area_discard(moving, (size_t)i % 400, 40);
        if (i % 8 == 4)
            area_write(moving, (size_t)i % 400, 4);
        MUST(call_mprotect(moving->start, 100 * PAGE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE));
        MUST(call_mprotect(moving->start, 100 * PAGE, PROT_READ | PROT_WRITE));
        area_check_part(moving, (size_t)i * 7 % 300, 100);
    }
    return unused;
}

/* As allocators do: small mappings, all over the address space, come and go. */
static void *map_and_unmap(void *unused) {
    check_in();
    while (goes_on()) {
        unsigned char *memory = map_memory(32 * PAGE, PROT_READ | PROT_WRITE, 0);
        CHECK(memory[5 * PAGE] == 0, "a new mapping is not zero");
        memory[5 * PAGE] = 1;
        MUST(call_munmap(memory, 32 * PAGE));
    }
    return unused;
}

static void suite(void) {
    static int low = 0, high = 1;
    pthread_t threads[7];
    started = 0;
    running = 1;
    discard_pages(FOUGHT);
    threads[0] = start_thread(count_pages, NULL);
    threads[1] = start_thread(read_pages, NULL);
    threads[2] = start_thread(fight_for_pages, NULL);
    threads[3] = start_thread(discard_ranges, &low);
    threads[4] = start_thread(discard_ranges, &high);
    threads[5] = start_thread(move_area, NULL);
    threads[6] = start_thread(map_and_unmap, NULL);
    while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < 7)
        sched_yield();
    for (int round = 0; round < ROUNDS / 10; round++) {
        discard_pages(DISCARDED);
        discard_pages(FOUGHT);
    }
    join_thread(threads[3]);
    join_thread(threads[4]);
    __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 7; i++)
        if (i != 3 && i != 4)
            join_thread(threads[i]);
    for (size_t page = 0; page < common->pages; page++)
        if (page % STRIDE != KEPT)
            area_expect(common, page, 1, PAGE_SKIPPED);
    area_expect(ranged, 0, ranged->pages, PAGE_SKIPPED);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "threads discard, write, read and move memory at the same time, and nothing is lost or comes back");
    common = make_area(AREA_MMAP, 2 * AREA_PAGES);
    map_memory(4 * PAGE, PROT_NONE, 0);
    ranged = make_area(AREA_MMAP, 2 * AREA_PAGES);
    map_memory(4 * PAGE, PROT_NONE, 0);
    moving = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    in_place(suite);
    pass();
}
