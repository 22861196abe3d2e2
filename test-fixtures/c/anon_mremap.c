/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <sched.h>

enum { PAGES = 256, ROOM = 3 * PAGES };

static struct area *in_place_area, *moved, *shrunk, *onto, *under, *kept, *pieces, *part, *none, *readonly, *blocked,
    *chained, *shuttle, *busy, *discarded, *middle;
static volatile int stop, writers_ready;

/* An area with free addresses behind it. */
static struct area *make_roomy(enum area_kind kind) {
    unsigned char *all = map_memory((PAGES + ROOM + 2) * PAGE, PROT_NONE, MAP_NORESERVE);
    struct area *area = make_area(kind, PAGES);
    unsigned char *there = mremap(area->start, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, all + PAGE);
    CHECK(there == all + PAGE, "set-up: errno %d", errno);
    area_moved(area, there);
    MUST(munmap(there + PAGES * PAGE, ROOM * PAGE));
    return area;
}

static void check_grown(struct area *area, size_t old_pages, size_t new_pages) {
    area_check_part(area, 0, old_pages);
    check_zero(area_page(area, old_pages), (new_pages - old_pages) * PAGE, "what mremap added");
    fill_pattern(area_page(area, old_pages), (new_pages - old_pages) * PAGE, 77);
    check_pattern(area_page(area, old_pages), (new_pages - old_pages) * PAGE, 77, "what was written there");
    area_check_part(area, 0, old_pages);
}

static void resize(struct area *area, size_t old_pages, size_t new_pages, int flags) {
    void *result = call_mremap(area->start, old_pages * PAGE, new_pages * PAGE, flags, NULL);
    CHECK(result != MAP_FAILED, "mremap of %s from %zu to %zu pages: errno %d", area->name, old_pages, new_pages, errno);
    CHECK(result == area->start || (flags & MREMAP_MAYMOVE), "it moved without leave");
    area_moved(area, result);
}

static void grow_in_place(void) {
    resize(in_place_area, PAGES, PAGES + 1, 0);
    check_grown(in_place_area, PAGES, PAGES + 1);
    resize(in_place_area, PAGES + 1, PAGES + 100, 0);
    check_zero(area_page(in_place_area, PAGES + 1), 99 * PAGE, "second growth");
    area_check(in_place_area);
    area_discard(in_place_area, 10, 200);
    area_check(in_place_area);
}

static void grow_and_move(void) {
    unsigned char *old = moved->start;
    CHECK(call_mmap(old + PAGES * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED,
          "mmap: errno %d", errno);
    resize(moved, PAGES, 2 * PAGES, MREMAP_MAYMOVE);
    CHECK(moved->start != old, "it grew over a mapping");
    CHECK_EQ(try_access(old, ACCESS_READ), SIGSEGV);
    check_grown(moved, PAGES, 2 * PAGES);
    area_discard(moved, 3, 250);
    area_check(moved);
}

static void shrink_and_grow(void) {
    resize(shrunk, PAGES, 20, 0);
    CHECK_EQ(try_access(area_page(shrunk, 20), ACCESS_READ), SIGSEGV);
    resize(shrunk, 20, PAGES, 0);
    area_expect(shrunk, 20, PAGES - 20, PAGE_ZERO);
    area_check(shrunk);
    resize(shrunk, PAGES, PAGES - 1, MREMAP_MAYMOVE);
    resize(shrunk, PAGES - 1, PAGES + 5, MREMAP_MAYMOVE);
    check_grown(shrunk, PAGES, PAGES + 5);
}

/* One captured area onto another: nothing of the lower one shows. */
static void move_onto(void) {
    unsigned char *old = onto->start;
    void *there = call_mremap(old, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area_page(under, 16));
    CHECK(there == area_page(under, 16), "mremap onto other memory: errno %d", errno);
    area_moved(onto, there);
    CHECK_EQ(try_access(old, ACCESS_READ), SIGSEGV);
    area_expect(under, 16, PAGES - 16, PAGE_SKIPPED);
    area_check_part(under, 0, 16);
    area_discard(under, 10, 6);
    area_discard(onto, 0, 30);
    area_check(onto);
    area_check_part(under, 0, 16);
}

static void leave_zeros(void) {
    unsigned char *old = kept->start;
    void *there = call_mremap(old, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    CHECK(there != MAP_FAILED && there != old, "mremap with DONTUNMAP: errno %d", errno);
    area_moved(kept, there);
    area_check(kept);
    check_zero(old, PAGES * PAGE, "what DONTUNMAP left");
    fill_pattern(old, PAGES * PAGE, 5);
    area_check(kept);
    check_pattern(old, PAGES * PAGE, 5, "what was written there");
    MUST(call_madvise(old, PAGES * PAGE, MADV_DONTNEED));
    check_zero(old, PAGES * PAGE, "after discarding it");
}

static void move_pieces(void) {
    area_discard(pieces, 100, 64);
    area_discard(pieces, 7, 1);
    area_write(pieces, 130, 4);
    resize(pieces, PAGES, 4 * PAGES, MREMAP_MAYMOVE);
    check_grown(pieces, PAGES, 4 * PAGES);
    area_discard(discarded, 0, PAGES);
    resize(discarded, PAGES, 2 * PAGES, MREMAP_MAYMOVE);
    check_grown(discarded, PAGES, 2 * PAGES);
}

/* The middle moves away; both ends stay, and what moved is cut and grown on its own. */
static void move_part(void) {
    unsigned char *target = map_memory(100 * PAGE, PROT_NONE, 0);
    void *there = call_mremap(area_page(part, 50), 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "mremap of a part: errno %d", errno);
    CHECK_EQ(try_access(area_page(part, 50), ACCESS_READ), SIGSEGV);
    area_check_part(part, 0, 50);
    area_check_part(part, 114, PAGES - 114);
    unsigned char *old = part->start;
    area_moved(part, target - 50 * PAGE);
    area_check_part(part, 50, 64);
    CHECK(call_mremap(target, 64 * PAGE, 10 * PAGE, 0, NULL) == target, "shrinking the part: errno %d", errno);
    area_check_part(part, 50, 10);
    area_moved(part, old);
    area_expect(part, 50, 64, PAGE_SKIPPED);
    /* A part grows into another place while the rest stays. */
    unsigned char *grown = call_mremap(area_page(middle, 100), 50 * PAGE, 80 * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(grown != MAP_FAILED, "growing a part: errno %d", errno);
    check_zero(grown + 50 * PAGE, 30 * PAGE, "the growth of a part");
    unsigned char *whole = middle->start;
    area_moved(middle, grown - 100 * PAGE);
    area_check_part(middle, 100, 50);
    area_moved(middle, whole);
    area_expect(middle, 100, 50, PAGE_SKIPPED);
    area_check_part(middle, 0, 100);
    area_check_part(middle, 150, PAGES - 150);
}

/* Memory that cannot be read or written is moved all the same. */
static void move_protected(void) {
    resize(none, PAGES, PAGES + 50, MREMAP_MAYMOVE);
    CHECK_EQ(try_access(none->start, ACCESS_READ), SIGSEGV);
    CHECK_EQ(try_access(area_page(none, PAGES + 49), ACCESS_READ), SIGSEGV);
    MUST(mprotect(none->start, (PAGES + 50) * PAGE, PROT_READ | PROT_WRITE));
    none->protection = PROT_READ | PROT_WRITE;
    check_grown(none, PAGES, PAGES + 50);
    unsigned char *target = map_memory(2 * PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    void *there = call_mremap(readonly->start, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "mremap of PROT_READ memory: errno %d", errno);
    area_moved(readonly, there);
    CHECK_EQ(try_access(target, ACCESS_WRITE), SIGSEGV);
    CHECK_EQ(try_access(target + (2 * PAGES - 1) * PAGE, ACCESS_WRITE), SIGSEGV);
    area_check(readonly);
    check_zero(area_page(readonly, PAGES), PAGES * PAGE, "growth of PROT_READ memory");
}

/* ARGUMENTS that fail do so with the same error as on a fresh mapping, and change nothing. */
static void fail_alike(size_t offset, size_t old_size, size_t new_size, int flags, size_t target_offset) {
    int errors[2];
    struct area *both[] = {blocked, make_twin(blocked)};
    unsigned char *fresh = both[1]->start;
    for (int i = 0; i < 2; i++) {
        unsigned char *start = both[i]->start;
        void *result = call_mremap(start + offset, old_size, new_size, flags, start + target_offset);
        errors[i] = errno;
        CHECK(result == MAP_FAILED, "mremap(+%zx, %zx, %zx, %x, +%zx) succeeded on the %s", offset, old_size, new_size,
              (unsigned)flags, target_offset, both[i]->name);
    }
    CHECK_EQ(errors[0], errors[1]);
    area_check(blocked);
    area_expect(both[1], 0, PAGES, PAGE_SKIPPED);
    MUST(munmap(fresh, PAGES * PAGE));
}

static void check_errors(void) {
    size_t size = PAGES * PAGE;
    fail_alike(8, PAGE, PAGE, MREMAP_MAYMOVE, 0);
    fail_alike(0, size, 0, MREMAP_MAYMOVE, 0);
    fail_alike(0, 0, size, MREMAP_MAYMOVE, 0);
    fail_alike(0, size, size, 64, 0);
    fail_alike(0, size, size, MREMAP_FIXED, 0);
    fail_alike(0, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, PAGE);
    fail_alike(0, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, 8);
    fail_alike(0, size, 2 * size, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    fail_alike(0, size, 1ul << 60, MREMAP_MAYMOVE, 0);
    fail_alike(0, 10 * PAGE, 20 * PAGE, 0, 0); /* no room behind */
    CHECK(call_mremap(blocked->start, size, size, 0, NULL) == blocked->start, "mremap to the same size: errno %d", errno);
    area_check(blocked);
    CHECK(call_mremap(area_page(blocked, PAGES), PAGE, 2 * PAGE, MREMAP_MAYMOVE, NULL) == MAP_FAILED, "nothing grew");
    CHECK_EQ(errno, EFAULT);
}

static void grow_often(void) {
    size_t pages = PAGES;
    for (int i = 0; i < 24; i++) {
        resize(chained, pages, pages + 40, MREMAP_MAYMOVE);
        check_zero(area_page(chained, pages), 40 * PAGE, "growth of a chain");
        pages += 40;
        unsigned char *behind = area_page(chained, pages);
        mmap(behind, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        area_check(chained);
    }
    resize(chained, pages, PAGES, MREMAP_MAYMOVE);
    area_check(chained);
}

static void move_often(void) {
    unsigned char *all = map_memory(8 * PAGES * PAGE, PROT_NONE, MAP_NORESERVE);
    for (int i = 0; i < 40; i++) {
        unsigned char *target = all + (size_t)(i * 3 % 8) * PAGES * PAGE;
        if (target == shuttle->start)
            continue;
        CHECK(call_mremap(shuttle->start, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target,
              "move %d: errno %d", i, errno);
        area_moved(shuttle, target);
        if (i % 10 == 5)
            area_discard(shuttle, (size_t)i, 30);
        if (i % 10 == 8)
            area_write(shuttle, (size_t)i, 10);
        area_check(shuttle);
    }
}

/* Counts in its own page as long as the mapping grows in place: no count is lost. */
static void *count_up(void *page) {
    volatile uint64_t *word = page;
    uint64_t count = 0;
    __atomic_add_fetch(&writers_ready, 1, __ATOMIC_SEQ_CST);
    for (; !__atomic_load_n(&stop, __ATOMIC_SEQ_CST) || count < 1000; count++) {
        CHECK(*word == count, "a writer found %llu instead of %llu", (unsigned long long)*word,
              (unsigned long long)count);
        *word = count + 1;
    }
    return NULL;
}

static void grow_under_writers(void) {
    pthread_t threads[3];
    stop = writers_ready = 0;
    for (size_t i = 0; i < 3; i++) {
        area_expect(busy, 20 + 100 * i, 1, PAGE_SKIPPED);
        *(uint64_t *)(void *)area_page(busy, 20 + 100 * i) = 0;
        threads[i] = start_thread(count_up, area_page(busy, 20 + 100 * i));
    }
    while (__atomic_load_n(&writers_ready, __ATOMIC_SEQ_CST) < 3)
        sched_yield();
    for (size_t pages = PAGES; pages < PAGES + 200; pages += 5)
        resize(busy, pages, pages + 5, 0);
    for (size_t pages = PAGES + 200; pages > PAGES; pages -= 50)
        resize(busy, pages, pages - 50, 0);
    resize(busy, PAGES, PAGES + 200, 0);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    check_zero(area_page(busy, PAGES), 200 * PAGE, "growth under writers");
    area_check(busy);
}

static void suite(void) {
    grow_in_place();
    grow_and_move();
    shrink_and_grow();
    move_onto();
    leave_zeros();
    move_pieces();
    move_part();
    move_protected();
    check_errors();
    grow_often();
    move_often();
    if (place_is("") || place_is("nofds") || place_is("chroot") || place_is("thread"))
        grow_under_writers();
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "mremap of anonymous memory grows with zeros, moves contents, and joins what was one mapping");
    struct area **roomy[] = {&in_place_area, &moved, &shrunk, &onto, &under, &kept, &pieces, &part, &blocked,
                             &chained, &shuttle, &busy, &discarded, &middle};
    for (size_t i = 0; i < sizeof roomy / sizeof *roomy; i++)
        *roomy[i] = make_roomy(AREA_MMAP);
    none = make_roomy(AREA_NONE);
    readonly = make_roomy(AREA_READONLY);

    ready_and_wait();

    in_place(suite);
    for (size_t i = 0; i < sizeof roomy / sizeof *roomy; i++)
        area_check(*roomy[i]);
    pass();
}
