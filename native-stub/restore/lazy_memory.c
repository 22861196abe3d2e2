// SPDX-License-Identifier: Apache-2.0
#include "restore/lazy_memory.h"

#include <stdbool.h>

#include "restore/bytes.h"
#include "restore/sys.h"

#define BATCH 16 /* pages */
#define COPY_BYTES (UINT64_C(1) << 20)
#define ENTRIES 512
#define PAGE_MATTERS (UINT64_C(3) << 62 | UINT64_C(1) << 58) /* present, in swap, guard: admin-guide/mm/pagemap.rst */

void lazy_zero(uint64_t start, uint64_t end)
{
    uint8_t zeros[STUB_PAGE];
    struct abi_iovec sources[BATCH];

    memset(zeros, 0, sizeof(zeros));
    for (uint32_t i = 0; i < BATCH; i++)
        sources[i] = (struct abi_iovec){.address = STUB_ADDRESS(zeros), .length = sizeof(zeros)};
    while (start < end) {
        uint64_t pages = (end - start) / STUB_PAGE < BATCH ? (end - start) / STUB_PAGE : BATCH;
        struct abi_iovec target = {.address = start, .length = pages * STUB_PAGE};
        int64_t count = sys_process_vm_writev(sources, pages, &target, 1);

        if (count == -ABI_EFAULT)
            count = STUB_PAGE;
        if (count <= 0) { /* not allowed or not there */
            memset((void *)start, 0, end - start);
            return;
        }
        start += ((uint64_t)count + STUB_PAGE - 1) & ~(STUB_PAGE - 1);
    }
}

int64_t lazy_zero_forced(uint64_t start, uint64_t end)
{
    uint8_t zeros[STUB_PAGE];
    int64_t result = 0, fd = sys_open("/proc/thread-self/mem", ABI_O_WRONLY | ABI_O_CLOEXEC);

    if (fd < 0)
        return fd;
    memset(zeros, 0, sizeof(zeros));
    for (; start < end && result >= 0; start += STUB_PAGE)
        result = syscall4(NR_pwrite64, (uint64_t)fd, STUB_ADDRESS(zeros), sizeof(zeros), start);
    sys_close((int)fd);
    return result < 0 ? result : 0;
}

/* Returns bytes or -EFAULT. Where the kernel has no such call for us, it is done here. */
static int64_t copy_some(uint64_t to, uint64_t from, uint64_t length)
{
    struct abi_iovec target = {.address = to, .length = length};
    struct abi_iovec source = {.address = from, .length = length};
    int64_t count = sys_process_vm_readv(&target, 1, &source, 1);

    if (count > 0 || count == -ABI_EFAULT)
        return count;
    memcpy((void *)to, (const void *)from, length);
    return (int64_t)length;
}

void lazy_copy(uint64_t to, uint64_t from, uint64_t length)
{
    while (length > 0) {
        uint64_t wanted = length < COPY_BYTES ? length : COPY_BYTES;
        int64_t count = copy_some(to, from, wanted);

        if (count == -ABI_EFAULT) {
            sys_madvise(to, STUB_PAGE, ABI_MADV_GUARD_INSTALL);
            count = STUB_PAGE;
        }
        to += (uint64_t)count;
        from += (uint64_t)count;
        length -= (uint64_t)count;
    }
}

static bool is_zero(const uint64_t *words)
{
    for (uint64_t i = 0; i < STUB_PAGE / sizeof(*words); i++) {
        if (words[i] != 0)
            return false;
    }
    return true;
}

/* Looks at each page: what was never touched is read as zero without becoming memory of its own. */
static void copy_by_looking(uint64_t to, uint64_t from, uint64_t length)
{
    uint64_t page[STUB_PAGE / sizeof(uint64_t)];

    for (uint64_t done = 0; done < length; done += STUB_PAGE) {
        int64_t count = copy_some(STUB_ADDRESS(page), from + done, STUB_PAGE);

        if (count == -ABI_EFAULT)
            sys_madvise(to + done, STUB_PAGE, ABI_MADV_GUARD_INSTALL);
        else if (!is_zero(page))
            memcpy((void *)(to + done), page, STUB_PAGE);
    }
}

/* Guard pages matter: lazy_copy() sees to them. */
static void copy_by_entries(const uint64_t *entries, uint64_t count, uint64_t to, uint64_t from)
{
    uint64_t start = 0;

    while (start < count) {
        uint64_t end = start;

        while (end < count && (entries[end] & PAGE_MATTERS) != 0)
            end++;
        if (end > start)
            lazy_copy(to + start * STUB_PAGE, from + start * STUB_PAGE, (end - start) * STUB_PAGE);
        start = end > start ? end : start + 1;
    }
}

void lazy_copy_sparse(uint64_t to, uint64_t from, uint64_t length)
{
    uint64_t entries[ENTRIES];
    uint64_t done = 0;
    int64_t fd = sys_open("/proc/thread-self/pagemap", ABI_O_RDONLY | ABI_O_CLOEXEC);

    while (fd >= 0 && done < length) {
        uint64_t left = (length - done) / STUB_PAGE, count = left < ENTRIES ? left : ENTRIES;
        uint64_t bytes = count * sizeof(entries[0]);

        if (sys_pread((int)fd, entries, bytes, (from + done) / STUB_PAGE * sizeof(entries[0])) != (int64_t)bytes)
            break;
        copy_by_entries(entries, count, to + done, from + done);
        done += count * STUB_PAGE;
    }
    if (fd >= 0)
        sys_close((int)fd);
    copy_by_looking(to + done, from + done, length - done);
}
