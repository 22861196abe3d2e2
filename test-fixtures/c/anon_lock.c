/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <sys/resource.h>

static struct area *locked, *resident, *onfault, *all_locked;

/* Pages of a part that mincore counts as resident. */
static size_t resident_pages(struct area *area, size_t first, size_t count) {
    static unsigned char in_core[AREA_PAGES];
    MUST(mincore(area_page(area, first), count * PAGE, in_core));
    size_t found = 0;
    for (size_t page = 0; page < count; page++)
        found += in_core[page] & 1;
    return found;
}

static void lock_and_discard(void) {
    MUST(mlock(area_page(locked, 40), 16 * PAGE));
    CHECK_EQ(resident_pages(locked, 40, 16), 16);
    CHECK_EQ(call_madvise(area_page(locked, 30), 20 * PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    area_expect(locked, 30, 10, PAGE_ZERO); /* what lies before the locked part is gone */
    area_check(locked);
    CHECK_EQ(call_madvise(area_page(locked, 45), PAGE, MADV_FREE), -1);
    CHECK_EQ(errno, EINVAL);
    area_check(locked);
    if (call_madvise(area_page(locked, 44), 4 * PAGE, MADV_DONTNEED_LOCKED) == 0)
        area_expect(locked, 44, 4, PAGE_ZERO);
    else
        CHECK_EQ(errno, EINVAL); /* a kernel older than that */
    area_check(locked);
    MUST(munlock(area_page(locked, 40), 16 * PAGE));
    area_discard(locked, 40, 16);
    area_check(locked);
    area_write(locked, 35, 10);
    void *there = call_mremap(locked->start, locked->pages * PAGE, (locked->pages + 10) * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(there != MAP_FAILED, "mremap of what was locked: errno %d", errno);
    area_moved(locked, there);
    area_check(locked);
}

/* A locked part moves and stays locked. */
static void move_locked(void) {
    MUST(mlock(area_page(onfault, 300), 8 * PAGE));
    unsigned char *target = map_memory(16 * PAGE, PROT_NONE, 0);
    void *there = call_mremap(area_page(onfault, 300), 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "moving a locked part: errno %d", errno);
    CHECK_EQ(call_madvise(target, 8 * PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    unsigned char *old = onfault->start;
    area_moved(onfault, target - 300 * PAGE);
    area_check_part(onfault, 300, 8);
    area_moved(onfault, old);
    area_expect(onfault, 300, 8, PAGE_SKIPPED);
    area_check(onfault);
    if (mlock2(area_page(onfault, 0), 8 * PAGE, MLOCK_ONFAULT) == 0) {
        CHECK_EQ(call_madvise(area_page(onfault, 0), PAGE, MADV_DONTNEED), -1);
        CHECK_EQ(errno, EINVAL);
        MUST(munlock(area_page(onfault, 0), 8 * PAGE));
    }
    area_check(onfault);
}

/* What was discarded is not there until it is touched; a page that was written is there. */
static void count_resident(void) {
    area_write(resident, 0, 256);
    CHECK_EQ(resident_pages(resident, 0, 256), 256);
    area_discard(resident, 0, resident->pages);
    CHECK_EQ(resident_pages(resident, 0, resident->pages), 0);
    area_write(resident, 100, 3);
    CHECK(resident_pages(resident, 100, 3) == 3, "written pages are not resident");
    area_check(resident);
    MUST(munmap(area_page(resident, 400), PAGE));
    unsigned char one;
    CHECK_EQ(mincore(area_page(resident, 400), PAGE, &one), -1);
    CHECK_EQ(errno, ENOMEM);
    area_expect(resident, 400, 1, PAGE_SKIPPED);
}

static void lock_all(void) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || mlockall(MCL_CURRENT) < 0)
        return; /* not for everyone */
    CHECK_EQ(resident_pages(all_locked, 0, all_locked->pages), all_locked->pages);
    CHECK_EQ(call_madvise(all_locked->start, all_locked->pages * PAGE, MADV_DONTNEED), -1);
    CHECK_EQ(errno, EINVAL);
    area_check(all_locked);
    MUST(munlockall());
    area_discard(all_locked, 0, 300);
    MUST(mlockall(MCL_FUTURE));
    unsigned char *later = map_memory(16 * PAGE, PROT_READ | PROT_WRITE, 0);
    CHECK_EQ(call_madvise(later, PAGE, MADV_DONTNEED), -1);
    area_discard(all_locked, 300, 100); /* was mapped before */
    area_check(all_locked);
    CHECK_EQ(call_madvise(area_page(all_locked, 2), PAGE, MADV_DONTNEED), 0);
    MUST(munlockall());
    area_check(all_locked);
}

static void suite(void) {
    lock_and_discard();
    move_locked();
    count_resident();
    lock_all();
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "mlock, munlock, mlockall and mincore see anonymous memory");
    struct area **own[] = {&locked, &resident, &onfault, &all_locked};
    for (size_t i = 0; i < 4; i++) {
        *own[i] = make_area(AREA_MMAP, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }

    ready_and_wait();

    in_place(suite);
    pass();
}
