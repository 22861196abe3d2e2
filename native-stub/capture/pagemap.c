/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "pagemap.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE CKPT_PAGE_SIZE

/* PAGEMAP_SCAN of linux/fs.h, since Linux 6.7; not in the headers of Debian 12. */
struct scan_region {
    uint64_t start, end, categories;
};
struct scan_request {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_request)
#define PAGE_IS_FILE (1u << 2)
#define PAGE_IS_PRESENT (1u << 3)
#define PAGE_IS_SWAPPED (1u << 4)
#define PAGE_IS_PFNZERO (1u << 5)
#define PAGE_IS_GUARD (1u << 8) /* since 6.15 */
#define SCAN_REGIONS 512

/* Entries of the pagemap file, Documentation/admin-guide/mm/pagemap.rst */
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_FILE (UINT64_C(1) << 61)
#define ENTRY_GUARD (UINT64_C(1) << 58)
#define READ_ENTRIES 4096

static void add_range(struct buffer *ranges, size_t first, uint64_t start, uint64_t end, uint32_t kind)
{
    struct page_range *last = (void *)(ranges->data + ranges->size);
    if (ranges->size > first && last[-1].end == start && last[-1].kind == kind) {
        last[-1].end = end;
        return;
    }
    struct page_range range = {start, end, kind};
    buffer_append(ranges, &range, sizeof(range));
}

static int scan_pages(int pagemap, uint64_t start, uint64_t end, struct buffer *ranges, uint64_t guard)
{
    struct scan_region regions[SCAN_REGIONS];
    size_t first = ranges->size;
    while (start < end) {
        struct scan_request request = {
            .size = sizeof(request), .start = start, .end = end, .vec = (uintptr_t)regions, .vec_len = SCAN_REGIONS,
            .category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | guard,
            .return_mask = PAGE_IS_FILE | PAGE_IS_PRESENT | PAGE_IS_SWAPPED | PAGE_IS_PFNZERO | guard,
        };
        int count = ioctl(pagemap, SCAN_IOCTL, &request);
        if (count < 0)
            return -errno;
        for (int i = 0; i < count; i++) {
            uint64_t categories = regions[i].categories;
            if (categories & guard)
                add_range(ranges, first, regions[i].start, regions[i].end, PAGES_GUARD);
            else if (!(categories & PAGE_IS_PFNZERO))
                add_range(ranges, first, regions[i].start, regions[i].end,
                          categories & PAGE_IS_FILE ? PAGES_FILE : PAGES_ANONYMOUS);
        }
        if (request.walk_end <= start)
            return -EIO;
        start = request.walk_end;
    }
    return 0;
}

static int read_entries(int pagemap, uint64_t start, uint64_t end, struct buffer *ranges)
{
    uint64_t entries[READ_ENTRIES];
    size_t first = ranges->size;
    while (start < end) {
        size_t count = (end - start) / PAGE < READ_ENTRIES ? (end - start) / PAGE : READ_ENTRIES;
        ssize_t size = pread(pagemap, entries, count * sizeof(*entries), (off_t)(start / PAGE * sizeof(*entries)));
        if (size <= 0)
            return size < 0 ? -errno : -EIO;
        count = (size_t)size / sizeof(*entries);
        for (size_t i = 0; i < count; i++, start += PAGE) {
            uint64_t entry = entries[i];
            if (entry & ENTRY_GUARD)
                add_range(ranges, first, start, start + PAGE, PAGES_GUARD);
            else if (entry & (ENTRY_PRESENT | ENTRY_SWAPPED))
                add_range(ranges, first, start, start + PAGE, entry & ENTRY_FILE ? PAGES_FILE : PAGES_ANONYMOUS);
        }
    }
    return 0;
}

int list_pages(int pagemap, uint64_t start, uint64_t end, bool populated, struct buffer *ranges)
{
    size_t before = ranges->size;
    int error = scan_pages(pagemap, start, end, ranges, PAGE_IS_GUARD);
    if (error == -EINVAL) { /* a kernel that does not tell guard regions apart */
        ranges->size = before;
        error = scan_pages(pagemap, start, end, ranges, 0);
    }
    if (error == -ENOTTY) {
        ranges->size = before;
        error = populated ? read_entries(pagemap, start, end, ranges) : 0;
    }
    return error < 0 ? error : ranges->failed ? -ENOMEM : 0;
}
