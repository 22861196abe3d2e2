/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Discarding costs the original no mapping: as many scattered pages as there are may be discarded, even where
 * vm.max_map_count allows no further mapping.
 */
#include "areas.h"

#include <stdio.h>
#include <stdlib.h>

static struct area *area, *large, *marked;

static void check_some(size_t step) {
    for (size_t page = 0; page < area->pages; page += step)
        area_check_part(area, page, 1);
}

/* One page in two, in an order that is neither up nor down. */
static void scatter(size_t count) {
    size_t half = area->pages / 2, stride = 7919;
    for (size_t i = 0; i < count; i++)
        area_discard(area, i * stride % half * 2, 1);
}

static void scatter_ranges(void) {
    for (size_t i = 0; i < 4000; i++)
        area_discard(area, i * 1543 % (area->pages - 8), 1 + i % 6);
}

static void with_no_mapping_left(void) {
    crowd_mappings(place_is("none") ? 0 : 3);
    scatter(5000);
    area_check(area);
    for (size_t page = 0; page < large->pages; page += 100)
        area_discard(large, page, 40);
    area_check(large);
    area_discard(large, 30, large->pages - 60);
    area_check(large);
    area_write(large, 0, large->pages);
    area_discard(large, 0, large->pages);
    area_check(large);
    CHECK_EQ(call_madvise(area_page(marked, 100), 200 * PAGE, MADV_FREE), 0);
    area_expect(marked, 100, 200, PAGE_FREED);
    area_check(marked);
    area_check(marked);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "tens of thousands of scattered pages are discarded without using up mappings");
    bool many = place_is("many"), crowded = place_is("crowded") || place_is("none");
    area = make_area(AREA_MMAP, many ? 140000 : 12000);
    map_memory(4 * PAGE, PROT_NONE, 0);
    large = make_area(AREA_MMAP, 2000);
    map_memory(4 * PAGE, PROT_NONE, 0);
    marked = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    if (crowded) {
        with_no_mapping_left();
    } else if (many) {
        scatter(70000);
        check_some(3);
        /* and there is still room for mappings */
        for (int i = 0; i < 1000; i++) {
            map_memory(PAGE, PROT_READ, 0);
            map_memory(PAGE, PROT_NONE, 0);
        }
        area_discard(area, 0, area->pages);
        check_some(1);
    } else {
        scatter_ranges();
        area_check(area);
        scatter(3000);
        area_check(area);
        area_discard(area, 0, area->pages);
    }
    check_all_areas();
    pass();
}
