/* SPDX-License-Identifier: Apache-2.0 */
/* What memory is counted as: resident memory falls when it is given back, and limits on it mean what they meant. */
#include "areas.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LARGE = 16384 /* 64 MiB */, SLACK = 1024 };

static struct area *written, *only_read, *chunked, *limited, *moved, *given;

static size_t statm(int field) {
    char text[256], *at = text;
    int fd = (int)MUST(open("/proc/self/statm", O_RDONLY));
    ssize_t count = MUST(read(fd, text, sizeof text - 1));
    close(fd);
    text[count] = 0;
    while (field-- > 0)
        strtoul(at, &at, 10);
    return strtoul(at, NULL, 10);
}

static size_t virtual_pages(void) {
    return statm(0);
}

static size_t resident_pages(void) {
    return statm(1);
}

/* Resident memory falls by nearly all that is given back. */
static void expect_fall(struct area *area, size_t chunk, const char *what) {
    size_t before = resident_pages();
    for (size_t page = 0; page < area->pages; page += chunk)
        area_discard(area, page, chunk);
    size_t after = resident_pages();
    CHECK(after + area->pages - SLACK <= before, "%s: %zu resident pages became %zu when %zu were given back", what,
          before, after, area->pages);
    area_check_part(area, 0, area->pages); /* zeros: resident memory may grow again now */
}

static void give_back(void) {
    area_write(written, 0, written->pages);
    expect_fall(written, written->pages, "written memory in one piece");
    area_check(only_read);
    expect_fall(only_read, only_read->pages, "memory that was only read");
    area_write(chunked, 0, chunked->pages);
    expect_fall(chunked, 64, "written memory in pieces of 256 KiB");
    MUST(call_munmap(given->start, given->pages * PAGE));
    area_expect(given, 0, given->pages, PAGE_SKIPPED);
}

/* With a limit that is what the process uses, all of it can be used on; nothing more can be had. */
static void use_under_limit(int resource, size_t limit_bytes, const char *name) {
    struct rlimit limit, old;
    MUST(getrlimit(resource, &old));
    limit = old;
    limit.rlim_cur = limit_bytes;
    MUST(setrlimit(resource, &limit));
    CHECK(mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED,
          "%s does not limit", name);
    CHECK_EQ(errno, ENOMEM);
    area_write(limited, 0, 100);
    area_discard(limited, 3, 1);
    area_discard(limited, 100, 900);
    area_discard(limited, 2000, limited->pages - 2000);
    area_check(limited);
    CHECK_EQ(call_madvise(area_page(limited, 1200), 300 * PAGE, MADV_FREE), 0);
    area_expect(limited, 1200, 300, PAGE_SKIPPED);
    unsigned char *target = area_page(limited, 4000);
    void *there = call_mremap(moved->start, moved->pages * PAGE, moved->pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "moving under %s: errno %d", name, errno);
    area_moved(moved, there);
    area_expect(limited, 4000, moved->pages, PAGE_SKIPPED);
    area_check(moved);
    unsigned char *place = map_memory(MIB, PROT_READ | PROT_WRITE, 0); /* the move made room of 2 MiB */
    there = call_mremap(moved->start, moved->pages * PAGE, 2 * moved->pages * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(there == MAP_FAILED, "growing by 2 MiB where 1 is left under %s", name);
    CHECK_EQ(errno, ENOMEM);
    area_check(moved);
    MUST(munmap(place, MIB));
    MUST(setrlimit(resource, &old));
}

/* VmData of /proc/self/status, in bytes: what RLIMIT_DATA limits. */
static size_t data_bytes(void) {
    static char text[8192];
    int fd = (int)MUST(open("/proc/self/status", O_RDONLY));
    text[MUST(read(fd, text, sizeof text - 1))] = 0;
    close(fd);
    char *line = strstr(text, "VmData:");
    CHECK(line, "no VmData in /proc/self/status");
    return strtoul(line + 7, NULL, 10) * 1024;
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "memory that is given back is gone, and limits on memory count as they did");
    bool resident = place_is("resident");
    struct area **own[] = {&written, &only_read, &chunked, &given};
    for (size_t i = 0; i < 4 && resident; i++) {
        *own[i] = make_area(AREA_MMAP, LARGE);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }
    if (!resident) {
        limited = make_area(AREA_MMAP, 8192);
        map_memory(4 * PAGE, PROT_NONE, 0);
        moved = make_area(AREA_MMAP, AREA_PAGES);
    }

    ready_and_wait();

    if (resident)
        give_back();
    else if (place_is("data"))
        use_under_limit(RLIMIT_DATA, data_bytes() + PAGE, "RLIMIT_DATA");
    else
        use_under_limit(RLIMIT_AS, (virtual_pages() + 1) * PAGE, "RLIMIT_AS");
    check_all_areas();
    pass();
}
