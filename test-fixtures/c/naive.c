/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a launch must not be mistaken for: with UNDUMP_NAIVE=map in its environment a fixture replaces its own large
 * anonymous memory by private mappings of a file before it says READY. All contents are there, but it is no
 * anonymous memory any more; a fixture that proves anonymous semantics fails. With UNDUMP_NAIVE=lost one
 * byte of each page is wrong instead: for what is right with file mappings, too, but may lose contents.
 */
#include "naive.h"

#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { THRESHOLD = 64 * 1024, MAPS_SIZE = 1 << 20 };

struct entry {
    uintptr_t start, end;
    int protection;
};

static bool is_zero(const unsigned char *page) {
    for (size_t i = 0; i < PAGE; i++)
        if (page[i])
            return false;
    return true;
}

static void spoil(const struct entry *entry) {
    unsigned char *start = (unsigned char *)entry->start;
    MUST(mprotect(start, entry->end - entry->start, PROT_READ | PROT_WRITE));
    for (unsigned char *page = start; (uintptr_t)page < entry->end; page += PAGE)
        if (!is_zero(page))
            page[64] ^= 0xff;
    MUST(mprotect(start, entry->end - entry->start, entry->protection));
}

static void map_from_file(const struct entry *entry) {
    size_t size = entry->end - entry->start;
    unsigned char *start = (unsigned char *)entry->start;
    int fd = (int)MUST(memfd_create("naive", 0));
    MUST(ftruncate(fd, (off_t)size));
    if (!(entry->protection & PROT_READ))
        MUST(mprotect(start, size, PROT_READ));
    for (size_t at = 0; at < size; at += PAGE)
        if (!is_zero(start + at))
            CHECK_EQ(pwrite(fd, start + at, PAGE, (off_t)at), PAGE);
    void *there = mmap(start, size, entry->protection, MAP_PRIVATE | MAP_FIXED, fd, 0);
    CHECK(there == start, "naive mmap: errno %d", errno);
    close(fd);
}

/* True when LINE of /proc/self/maps is private anonymous memory that is large enough, and no main stack. */
static bool parse(const char *line, struct entry *entry) {
    unsigned long start, end, offset, inode;
    char mode[8], device[16], name[32] = "";
    int fields = sscanf(line, "%lx-%lx %7s %lx %15s %lu %31s", &start, &end, mode, &offset, device, &inode, name);
    bool anonymous = fields >= 6 && inode == 0 && (fields == 6 || strcmp(name, "[heap]") == 0);
    *entry = (struct entry){start, end, (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) |
                                            (mode[2] == 'x' ? PROT_EXEC : 0)};
    bool huge = end - start > GIB || (mode[0] == '-' && end - start > 64 * MIB);
    return anonymous && mode[3] == 'p' && end - start >= THRESHOLD && !huge;
}

void naive_if_asked(void) {
    static char maps[MAPS_SIZE];
    static bool done;
    const char *asked = getenv("UNDUMP_NAIVE");
    if (!asked || done)
        return;
    done = true;
    int fd = (int)MUST(open("/proc/self/maps", O_RDONLY));
    size_t used = 0;
    for (ssize_t count = 1; count > 0 && used < MAPS_SIZE - 1; used += (size_t)count)
        count = MUST(read(fd, maps + used, MAPS_SIZE - 1 - used));
    close(fd);
    for (char *line = maps; *line;) {
        struct entry entry;
        char *end = strchr(line, '\n');
        if (!end)
            break;
        *end = 0;
        /* maps[] itself must not change while it is read */
        bool own = parse(line, &entry) && entry.start <= (uintptr_t)maps && (uintptr_t)maps < entry.end;
        if (parse(line, &entry) && !own) {
            if (strcmp(asked, "lost") == 0)
                spoil(&entry);
            else
                map_from_file(&entry);
        }
        line = end + 1;
    }
}
