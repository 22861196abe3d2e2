/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe.h"

#define WINDOW (UINT64_C(1) << 30)

/* Pages that are not on the disk yet, or that somebody has mapped, stay: page_cache_bytes() tells. */
void page_cache_drop(int fd)
{
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static uint64_t look_at(int fd, uint64_t offset, uint64_t length)
{
    static unsigned char resident[WINDOW / OBSERVE_PAGE];
    uint64_t pages = (length + OBSERVE_PAGE - 1) / OBSERVE_PAGE, count = 0;
    void *window = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)offset);

    if (window == MAP_FAILED)
        return 0;
    if (mincore(window, length, resident) == 0) {
        for (uint64_t i = 0; i < pages; i++)
            count += resident[i] & 1;
    }
    munmap(window, length);
    return count * OBSERVE_PAGE;
}

uint64_t page_cache_bytes(int fd)
{
    struct stat stat;
    uint64_t bytes = 0;

    if (fstat(fd, &stat) < 0)
        return 0;
    for (uint64_t offset = 0; offset < (uint64_t)stat.st_size; offset += WINDOW) {
        uint64_t left = (uint64_t)stat.st_size - offset;
        bytes += look_at(fd, offset, left < WINDOW ? left : WINDOW);
    }
    return bytes;
}
