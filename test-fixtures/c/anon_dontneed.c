/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

static struct area *kinds[AREA_KINDS], *striped, *holed;

/* Works for every kind, PROT_NONE and PROT_READ included. */
static void discard_parts(struct area *area) {
    area_discard(area, 3, 1);
    area_check_part(area, 2, 3);
    area_discard(area, 64, 64);
    area_check_part(area, 60, 72);
    for (size_t page = area->pages - 1; page > area->pages / 2; page -= 7)
        area_discard(area, page, 1);
    area_discard(area, area->pages - 5, 5);
    area_check(area);
}

/* What is written into discarded pages stays, and goes again. */
static void use_again(struct area *area) {
    if (!(area->protection & PROT_WRITE))
        return;
    area_write(area, 64, 32);
    area_write(area, 130, 4);
    area_check(area);
    area_discard(area, 60, 80);
    area_check_part(area, 50, 100);
    area_write(area, 70, 1);
    area_check_part(area, 60, 20);
}

static void check_arguments(struct area *area) {
    unsigned char *page = area_page(area, 150);
    CHECK_EQ(call_madvise(page, 0, MADV_DONTNEED), 0);
    CHECK_EQ(call_madvise(page + 8, PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(call_madvise(page, -PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(call_madvise(page, PAGE, 9999), -1);
    CHECK_EQ(errno, EINVAL);
    CHECK_EQ(call_madvise(page + 8, 0, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    area_check_part(area, 149, 3);
    CHECK_EQ(call_madvise(page, 1, MADV_DONTNEED), 0); /* a length is rounded up */
    area_expect(area, 150, 1, PAGE_ZERO);
    CHECK_EQ(call_madvise(area_page(area, 152), PAGE + 1, MADV_DONTNEED), 0);
    area_expect(area, 152, 2, PAGE_ZERO);
    area_check_part(area, 149, 8);
}

/* One call over mappings of three protections. */
static void discard_stripes(void) {
    size_t third = striped->pages / 3;
    if (!place_is("crowded")) {
        MUST(call_mprotect(area_page(striped, third), third * PAGE, PROT_NONE));
        MUST(call_mprotect(area_page(striped, 2 * third), 16 * PAGE, PROT_READ));
    }
    area_discard(striped, third / 2, striped->pages - third);
    if (!place_is("crowded")) {
        CHECK_EQ(try_access(area_page(striped, third), ACCESS_READ), SIGSEGV);
        CHECK_EQ(try_access(area_page(striped, 2 * third), ACCESS_WRITE), SIGSEGV);
        MUST(call_mprotect(striped->start, striped->pages * PAGE, PROT_READ | PROT_WRITE));
    }
    area_check(striped);
}

/* A hole in the range is ENOMEM, and yet all that is mapped is discarded. */
static void discard_over_hole(void) {
    size_t middle = holed->pages / 2;
    if (place_is("crowded"))
        return;
    MUST(call_munmap(area_page(holed, middle), PAGE));
    CHECK_EQ(call_madvise(area_page(holed, middle - 40), 80 * PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, ENOMEM);
    area_expect(holed, middle - 40, 80, PAGE_ZERO);
    area_expect(holed, middle, 1, PAGE_SKIPPED);
    CHECK_EQ(try_access(area_page(holed, middle), ACCESS_READ), SIGSEGV);
    area_check_part(holed, 0, middle);
    area_check_part(holed, middle + 1, holed->pages - middle - 1);
}

static void suite(void) {
    for (int kind = 0; kind < AREA_KINDS; kind++) {
        discard_parts(kinds[kind]);
        check_arguments(kinds[kind]);
        use_again(kinds[kind]);
    }
    CHECK_EQ(try_access(area_page(kinds[AREA_NONE], 3), ACCESS_READ), place_is("crowded") ? 0 : SIGSEGV);
    CHECK_EQ(try_access(area_page(kinds[AREA_READONLY], 3), ACCESS_WRITE), SIGSEGV);
    discard_stripes();
    discard_over_hole();
    for (int kind = 0; kind < AREA_KINDS; kind++) {
        area_discard(kinds[kind], 0, kinds[kind]->pages);
        area_check(kinds[kind]);
    }
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "discarded anonymous memory reads as zeros, however and from wherever it is discarded");
    for (int kind = 0; kind < AREA_KINDS; kind++)
        kinds[kind] = make_area(kind == AREA_NONE && place_is("crowded") ? AREA_READONLY : (enum area_kind)kind,
                                AREA_PAGES); /* to look at unreadable memory takes mappings */
    striped = make_area(AREA_MMAP, AREA_PAGES);
    holed = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    in_place(suite);
    pass();
}
