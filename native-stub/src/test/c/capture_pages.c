/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine learns from the page tables, tried on this process's own memory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "capture/buffer.c"
#undef _GNU_SOURCE
#include "capture/pagemap.c"

#include "src/test/c/support/expect.h"

#define GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13 */

static bool is_range(const struct buffer *ranges, size_t index, const char *start, size_t pages, uint32_t kind)
{
    const struct page_range *range = (const void *)ranges->data;
    return index < ranges->size / sizeof(*range) && range[index].start == (uintptr_t)start &&
           range[index].end == (uintptr_t)start + pages * PAGE && range[index].kind == kind;
}

/* Page 0 untouched, 1 and 2 written, 3 read only, 4 guarded, 5 written. */
static char *map_mixture(bool *ret_guarded)
{
    char *memory = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(memory, 6 * PAGE, MADV_NOHUGEPAGE);
    memory[PAGE] = memory[2 * PAGE] = memory[5 * PAGE] = 1;
    (void)*(volatile char *)(memory + 3 * PAGE);
    *ret_guarded = madvise(memory + 4 * PAGE, PAGE, GUARD_INSTALL) == 0;
    return memory;
}

static void ranges_are_those_that_were_written(int pagemap)
{
    bool guarded;
    char *memory = map_mixture(&guarded);
    struct buffer ranges = {0};
    uint64_t start = (uintptr_t)memory;
    expect(list_pages(pagemap, start, start + 6 * PAGE, true, &ranges) == 0, "listing");
    expect(is_range(&ranges, 0, memory + PAGE, 2, PAGES_ANONYMOUS), "two written pages");
    if (guarded) {
        expect(is_range(&ranges, 1, memory + 4 * PAGE, 1, PAGES_GUARD), "a guard");
        expect(is_range(&ranges, 2, memory + 5 * PAGE, 1, PAGES_ANONYMOUS), "a written page behind it");
    } else {
        fprintf(stderr, "skipped: this kernel has no MADV_GUARD_INSTALL\n");
    }
    buffer_free(&ranges);
    munmap(memory, 6 * PAGE);
}

static void the_file_says_the_same_as_the_scan(int pagemap)
{
    bool guarded;
    char *memory = map_mixture(&guarded);
    struct buffer scanned = {0}, read = {0};
    uint64_t start = (uintptr_t)memory;
    if (scan_pages(pagemap, start, start + 6 * PAGE, &scanned, guarded ? PAGE_IS_GUARD : 0) != 0) {
        fprintf(stderr, "skipped: this kernel has no PAGEMAP_SCAN\n");
    } else {
        /* The zero page of page 3 shows in the file only: its bits are not told there. */
        expect(read_entries(pagemap, start, start + 6 * PAGE, &read) == 0, "reading entries");
        const struct page_range *first = (const void *)read.data;
        expect(read.size >= sizeof(*first) && first->start == start + PAGE, "the first range");
        expect(!guarded || is_range(&read, read.size / sizeof(*first) - 2, memory + 4 * PAGE, 1, PAGES_GUARD), "the guard");
    }
    buffer_free(&scanned);
    buffer_free(&read);
    munmap(memory, 6 * PAGE);
}

static void pages_of_files_are_told_from_written_ones(int pagemap)
{
    int fd = open("/proc/self/exe", O_RDONLY);
    char *memory = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    struct buffer ranges = {0};
    uint64_t start = (uintptr_t)memory;
    (void)*(volatile char *)memory;
    memory[2 * PAGE] = 1;
    expect(list_pages(pagemap, start, start + 3 * PAGE, true, &ranges) == 0, "listing");
    const struct page_range *range = (const void *)ranges.data;
    expect(ranges.size && range[0].start == start && range[0].kind == PAGES_FILE, "a page that was read");
    expect(is_range(&ranges, ranges.size / sizeof(*range) - 1, memory + 2 * PAGE, 1, PAGES_ANONYMOUS), "one that was written");
    buffer_free(&ranges);
    munmap(memory, 3 * PAGE);
    close(fd);
}

int main(void)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    ranges_are_those_that_were_written(pagemap);
    the_file_says_the_same_as_the_scan(pagemap);
    pages_of_files_are_told_from_written_ones(pagemap);
    close(pagemap);
    return failures ? 1 : 0;
}
