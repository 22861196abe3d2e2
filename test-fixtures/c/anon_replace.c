/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <fcntl.h>

static struct area *replaced, *holed, *cycled, *filed, *shared, *reserved, *tail;

static unsigned char *map_over(unsigned char *place, size_t pages, int protection, int flags, int fd) {
    unsigned char *there = call_mmap(place, pages * PAGE, protection, flags | MAP_FIXED, fd, 0);
    CHECK(there == place, "mmap over %zu pages: errno %d", pages, errno);
    return there;
}

static void replace_parts(void) {
    map_over(area_page(replaced, 10), 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    map_over(area_page(replaced, 100), 200, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    area_expect(replaced, 10, 1, PAGE_ZERO);
    area_expect(replaced, 100, 200, PAGE_ZERO);
    area_check(replaced);
    area_write(replaced, 90, 40);
    area_discard(replaced, 95, 20);
    area_check(replaced);
    CHECK(call_mmap(area_page(replaced, 5), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) ==
              MAP_FAILED, "MAP_FIXED_NOREPLACE replaced a page");
    CHECK_EQ(errno, EEXIST);
    area_check(replaced);
}

static void unmap_and_map(void) {
    for (size_t page = 20; page < 400; page += 37) {
        MUST(call_munmap(area_page(holed, page), 8 * PAGE));
        CHECK_EQ(try_access(area_page(holed, page), ACCESS_READ), SIGSEGV);
        area_check_part(holed, page - 10, 10);
        area_check_part(holed, page + 8, 10);
    }
    for (size_t page = 20; page < 400; page += 37) {
        void *there = call_mmap(area_page(holed, page), 8 * PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        CHECK(there == area_page(holed, page), "mmap into a hole: errno %d", errno);
        area_expect(holed, page, 8, PAGE_ZERO);
    }
    area_check(holed);
    area_discard(holed, 15, 100);
    area_check(holed);
    MUST(call_munmap(holed->start, holed->pages * PAGE));
    map_over(holed->start, holed->pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    area_expect(holed, 0, holed->pages, PAGE_ZERO);
    area_check(holed);
}

static void protect_again(void) {
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};
    for (int round = 0; round < 40; round++) {
        size_t first = (size_t)round * 12 % 450, count = 1 + (size_t)round * 7 % 60;
        int protection = protections[round % 4];
        MUST(call_mprotect(area_page(cycled, first), count * PAGE, protection));
        CHECK_EQ(try_access(area_page(cycled, first), ACCESS_WRITE), protection & PROT_WRITE ? 0 : SIGSEGV);
        if (round % 5 == 1)
            area_discard(cycled, first + count / 2, 20);
        if (round % 5 == 3)
            area_discard(cycled, first, 1);
    }
    MUST(call_mprotect(cycled->start, cycled->pages * PAGE, PROT_READ | PROT_WRITE));
    area_check(cycled);
    area_write(cycled, 0, 100);
    area_check(cycled);
    /* now in one piece again */
    void *there = call_mremap(cycled->start, cycled->pages * PAGE, (cycled->pages + 8) * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(there != MAP_FAILED, "mremap after many mprotect: errno %d", errno);
    area_moved(cycled, there);
    area_check(cycled);
}

/* A file over a part is a file: discarding brings its bytes back, and MADV_FREE is refused. */
static void map_file_over(int file) {
    unsigned char *place = area_page(filed, 40);
    map_over(place, 32, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
    area_expect(filed, 40, 32, PAGE_SKIPPED);
    check_pattern(place, 32 * PAGE, 70, "mapped file");
    fill_pattern(place, 32 * PAGE, 71);
    MUST(call_madvise(place, 32 * PAGE, MADV_DONTNEED));
    check_pattern(place, 32 * PAGE, 70, "mapped file after MADV_DONTNEED");
    fill_pattern(place, 32 * PAGE, 71);
    MUST(call_madvise(area_page(filed, 30), 20 * PAGE, MADV_DONTNEED));
    area_expect(filed, 30, 10, PAGE_ZERO);
    check_pattern(place, 10 * PAGE, 70, "first pages of the file");
    CHECK_EQ(((uint64_t *)(void *)(place + 10 * PAGE))[0], pattern_word(71, 10 * PAGE / 8));
    CHECK_EQ(call_madvise(place, PAGE, MADV_FREE), -1);
    CHECK_EQ(errno, EINVAL);
    unsigned char *moved = call_mremap(place, 32 * PAGE, 16 * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(moved == place, "mremap of a file mapping: errno %d", errno);
    moved = call_mremap(place, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(moved != MAP_FAILED, "mremap of a file mapping: errno %d", errno);
    CHECK_EQ(((uint64_t *)(void *)(moved + 20 * PAGE))[0], pattern_word(70, 20 * PAGE / 8));
    area_check(filed);
    map_over(place, 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    area_expect(filed, 40, 32, PAGE_ZERO);
    area_check(filed);
}

static void map_shared_over(int file) {
    map_over(area_page(shared, 100), 32, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    MUST(call_madvise(shared->start, 200 * PAGE, MADV_DONTNEED));
    area_expect(shared, 0, 200, PAGE_ZERO);
    area_expect(shared, 100, 32, PAGE_SKIPPED);
    check_pattern(area_page(shared, 100), 32 * PAGE, 70, "shared file in the middle of a discarded range");
    area_check(shared);
    map_over(area_page(shared, 300), 32, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
    fill_pattern(area_page(shared, 300), 32 * PAGE, 4);
    MUST(call_madvise(area_page(shared, 290), 60 * PAGE, MADV_DONTNEED));
    area_expect(shared, 290, 60, PAGE_ZERO);
    area_expect(shared, 300, 32, PAGE_SKIPPED);
    check_pattern(area_page(shared, 300), 32 * PAGE, 4, "shared anonymous memory keeps its contents");
    area_check(shared);
}

/* As runtimes give back and take parts of what they reserved. */
static void commit_again(void) {
    unsigned char *before = reserved->start - 64 * PAGE;
    MUST(call_mprotect(before, 64 * PAGE, PROT_READ | PROT_WRITE));
    check_zero(before, 64 * PAGE, "reserved memory that is committed now");
    map_over(reserved->start, 100, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    CHECK_EQ(try_access(reserved->start, ACCESS_READ), SIGSEGV);
    MUST(call_mprotect(reserved->start, 100 * PAGE, PROT_READ | PROT_WRITE));
    area_expect(reserved, 0, 100, PAGE_ZERO);
    area_check(reserved);
    MUST(call_mprotect(area_page(reserved, 200), 100 * PAGE, PROT_NONE));
    area_discard(reserved, 200, 100);
    MUST(call_mprotect(area_page(reserved, 200), 100 * PAGE, PROT_READ | PROT_WRITE));
    area_check(reserved);
    /* A mapping whose end is given back, and that grows again. */
    MUST(call_munmap(area_page(tail, 300), (tail->pages - 300) * PAGE));
    void *there = call_mremap(tail->start, 300 * PAGE, tail->pages * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(there != MAP_FAILED, "growing after munmap of the end: errno %d", errno);
    area_moved(tail, there);
    area_expect(tail, 300, tail->pages - 300, PAGE_ZERO);
    area_check(tail);
}

static int make_file(void) {
    static uint64_t text[32 * PAGE / 8];
    int file = (int)MUST(memfd_create("over", MFD_CLOEXEC));
    fill_pattern(text, sizeof text, 70);
    CHECK_EQ(write(file, text, sizeof text), sizeof text);
    return file;
}

static int file;

static void suite(void) {
    replace_parts();
    unmap_and_map();
    protect_again();
    map_file_over(file);
    map_shared_over(file);
    commit_again();
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "parts of anonymous memory are unmapped, mapped anew, protected and covered by files");
    struct area **own[] = {&replaced, &holed, &cycled, &filed, &shared, &tail};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        *own[i] = make_area(AREA_MMAP, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0); /* no merging with the next */
    }
    reserved = make_area(AREA_RESERVATION, AREA_PAGES);

    ready_and_wait();

    file = make_file();
    in_place(suite);
    pass();
}
