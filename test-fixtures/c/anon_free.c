/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

static struct area *kinds[AREA_KINDS];

static void give_free(struct area *area, size_t first, size_t count) {
    CHECK(call_madvise(area_page(area, first), count * PAGE, MADV_FREE) == 0, "MADV_FREE of %zu pages of %s: errno %d",
          count, area->name, errno);
    for (size_t page = first; page < first + count; page++)
        if (area->state[page] == PAGE_FIRST)
            area_expect(area, page, 1, PAGE_FREED);
}

static void suite(void) {
    for (int kind = 0; kind < AREA_KINDS; kind++) {
        struct area *area = kinds[kind];
        give_free(area, 5, 1);
        give_free(area, 40, 150);
        for (size_t page = area->pages - 1; page > 300; page -= 3)
            give_free(area, page, 1);
        area_check(area);
        CHECK_EQ(call_madvise(area_page(area, 7) + 8, PAGE, MADV_FREE), -1);
        CHECK_EQ(errno, EINVAL);
        CHECK_EQ(call_madvise(area_page(area, 7), 0, MADV_FREE), 0);
        if (area->protection & PROT_WRITE) {
            area_write(area, 5, 1);
            area_write(area, 50, 70);
            area_write(area, 400, 60);
        }
        /* Freed pages go away now, if ever; written ones must not. */
        call_madvise(area->start, area->pages * PAGE, MADV_PAGEOUT);
        area_check(area);
        area_check(area);
        area_discard(area, 45, 100);
        area_check(area);
        give_free(area, 0, area->pages);
        for (size_t page = 0; page < area->pages; page++)
            if (area->state[page] > PAGE_FIRST && area->state[page] < PAGE_FREED)
                area_discard(area, page, 1);
        area_check(area);
    }
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "MADV_FREE of anonymous memory succeeds, leaves old contents or zeros, and keeps what is written later");
    for (int kind = 0; kind < AREA_KINDS; kind++)
        kinds[kind] = make_area(kind == AREA_NONE && place_is("crowded") ? AREA_READONLY : (enum area_kind)kind,
                                AREA_PAGES); /* to look at unreadable memory takes mappings */

    ready_and_wait();

    in_place(suite);
    pass();
}
