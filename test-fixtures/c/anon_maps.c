/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs read about themselves in /proc. A launch may show its memory in more entries than before and name a
 * file in them; ranges, protections, sharing and what libc makes of them must be right.
 */
#include "areas.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

enum { TEXT_SIZE = 4 << 20 };

static struct area *kinds[AREA_KINDS];
static char *text;
static volatile int asked, answered;
static pthread_t other;

static void read_proc(const char *path) {
    int fd = (int)MUST(open(path, O_RDONLY));
    size_t used = 0;
    for (ssize_t count = 1; count > 0; used += (size_t)count)
        count = MUST(read(fd, text + used, TEXT_SIZE - 1 - used));
    text[used] = 0;
    close(fd);
}

struct entry {
    uintptr_t start, end;
    char mode[5];
    unsigned long inode;
    char name[256];
};

/* The next entry of text; entries are in order and do not overlap. */
static bool next_entry(char **at, struct entry *entry) {
    unsigned long start, end, offset;
    unsigned major, minor;
    if (!**at)
        return false;
    char *line_end = strchr(*at, '\n');
    CHECK(line_end, "a maps file without a last newline");
    *line_end = 0;
    entry->name[0] = 0;
    int fields = sscanf(*at, "%lx-%lx %4s %lx %x:%x %lu %255s", &start, &end, entry->mode, &offset, &major, &minor,
                        &entry->inode, entry->name);
    CHECK(fields >= 7 && start < end && strlen(entry->mode) == 4, "no entry of maps: %s", *at);
    entry->start = start;
    entry->end = end;
    *at = line_end + 1;
    return true;
}

static const char *mode_of(const struct area *area) {
    return area->protection == PROT_NONE ? "---p" : area->protection == PROT_READ ? "r--p" : "rw-p";
}

/* Every page of the area lies in some entry with the right mode. */
static void expect_covered(const struct area *area) {
    char *at = text;
    struct entry entry;
    uintptr_t next = (uintptr_t)area->start, end = next + area->pages * PAGE;
    read_proc("/proc/self/maps");
    while (next < end && next_entry(&at, &entry))
        if (entry.start <= next && next < entry.end) {
            CHECK(strcmp(entry.mode, mode_of(area)) == 0, "%s at 0x%lx is %s instead of %s", area->name,
                  (unsigned long)next, entry.mode, mode_of(area));
            next = entry.end;
        }
    CHECK(next >= end, "0x%lx of %s is in no entry", (unsigned long)next, area->name);
}

static void expect_order(void) {
    char *at = text;
    struct entry entry;
    uintptr_t last = 0;
    bool heap = false, stack = false, heap_at_start = false;
    read_proc("/proc/self/maps");
    while (next_entry(&at, &entry)) {
        CHECK(entry.start >= last, "entries overlap at 0x%lx", (unsigned long)entry.start);
        last = entry.end;
        heap |= strcmp(entry.name, "[heap]") == 0;
        if (strcmp(entry.name, "[stack]") == 0)
            stack = entry.start <= (uintptr_t)&at && (uintptr_t)&at < entry.end;
        heap_at_start |= entry.end == (uintptr_t)syscall(SYS_brk, 0);
    }
    CHECK(heap, "there is no [heap]");
    CHECK(stack, "the [stack] does not hold this variable");
    CHECK(heap_at_start, "no entry ends at the break");
}

/* Each entry of smaps has all its lines, and their sums are possible. */
static void expect_smaps(void) {
    unsigned long size = 0, resident = 0, value, total = 0;
    size_t headers = 0, flags = 0;
    read_proc("/proc/self/smaps");
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            headers++;
            size = (end - start) / 1024;
        } else if (sscanf(line, "Size: %lu kB", &value) == 1) {
            CHECK_EQ(value, size);
        } else if (sscanf(line, "Rss: %lu kB", &resident) == 1) {
            CHECK(resident <= size || size == 4, "Rss %lu of %lu kB", resident, size);
        } else if (sscanf(line, "Private_Dirty: %lu kB", &value) == 1) {
            CHECK(value <= resident, "dirty %lu of %lu kB", value, resident);
            total += value;
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            flags++;
        }
    }
    CHECK_EQ(flags, headers);
    CHECK(total > 0 && headers > 5, "%zu entries, %lu kB dirty", headers, total);
}

/* What pthread_getattr_np makes of it: a stack that holds the caller's frame and can be written to its end. */
static void expect_own_stack(void) {
#ifdef __GLIBC__
    pthread_attr_t attributes;
    void *start;
    size_t size, guard;
    char here;
    MUST0(pthread_getattr_np(pthread_self(), &attributes));
    MUST0(pthread_attr_getstack(&attributes, &start, &size));
    MUST0(pthread_attr_getguardsize(&attributes, &guard));
    CHECK((char *)start <= &here && &here < (char *)start + size, "stack %p + 0x%zx does not hold %p", start, size,
          (void *)&here);
    CHECK(size >= 64 * 1024 && size <= GIB, "a stack of %zu bytes", size);
    MUST0(pthread_attr_destroy(&attributes));
#endif
}

static void *other_thread(void *unused) {
    static char block[300 * 1024];
    memset(block, 1, sizeof block);
    expect_own_stack();
    raise_flag(&answered);
    await_flag(&asked);
    expect_own_stack();
    return unused;
}

/* A name that is given to anonymous memory shows, where this kernel has names. */
static void expect_names(void) {
    struct area *twin = make_twin(kinds[AREA_MMAP]);
    struct area *both[] = {kinds[AREA_MMAP], twin};
    int errors[2];
    for (int i = 0; i < 2; i++)
        errors[i] = prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, area_page(both[i], 8), 64 * PAGE, "named") == 0 ? 0 : errno;
    CHECK_EQ(errors[0], errors[1]);
    area_check(kinds[AREA_MMAP]);
    if (errors[0] == 0) {
        read_proc("/proc/self/maps");
        char *at = text;
        struct entry entry;
        bool found = false;
        while (next_entry(&at, &entry))
            if (entry.start <= (uintptr_t)area_page(both[0], 8) && (uintptr_t)area_page(both[0], 8) < entry.end)
                found = strcmp(entry.name, "[anon:named]") == 0;
        CHECK(found, "the name does not show");
    }
}

/* Bytes of virtual memory, from statm. */
static size_t virtual_pages(void) {
    read_proc("/proc/self/statm");
    return strtoul(text, NULL, 10);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "maps, smaps and what libc reads there describe the memory as it was made");
    for (int kind = 0; kind < AREA_KINDS; kind++)
        kinds[kind] = make_area((enum area_kind)kind, AREA_PAGES);
    text = mmap(NULL, TEXT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    other = start_thread(other_thread, NULL);
    await_flag(&answered);
    size_t before = virtual_pages();
    expect_order();

    ready_and_wait();

    size_t after = virtual_pages();
    CHECK(after >= before - 64 && after <= before + GIB / PAGE, "%zu pages of virtual memory instead of %zu", after, before);
    expect_order();
    for (int kind = 0; kind < AREA_KINDS; kind++)
        expect_covered(kinds[kind]);
    expect_smaps();
    expect_own_stack();
    raise_flag(&asked);
    join_thread(other);
    area_discard(kinds[AREA_MMAP], 100, 200);
    area_discard(kinds[AREA_BREAK], 100, 2);
    area_discard(kinds[AREA_READONLY], 33, 66);
    for (int kind = 0; kind < AREA_KINDS; kind++)
        expect_covered(kinds[kind]);
    expect_names();
    expect_order();
    expect_smaps();
    check_all_areas();
    pass();
}
