/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "extents.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "file_pages.h"
#include "memory_files.h"
#include "pages.h"

/* Reads back what was written; it is in the page cache still. */
int sum_stored(struct capture *capture, uint64_t offset, uint64_t length, uint8_t *chunk, uint32_t *ret_crc)
{
    uint32_t crc = 0;
    for (uint64_t at = 0; at < length; ) {
        uint64_t left = length - at;
        ssize_t count = pread(capture->writer.fd, chunk, left < CHUNK_BYTES ? left : CHUNK_BYTES, (off_t)(offset + at));
        if (count <= 0)
            return refuse(capture->report, count < 0 ? -errno : -EIO, "reading back the checkpoint %s: %s",
                          capture->writer.name, count < 0 ? strerror(errno) : "it is shorter than written");
        crc = crc32c(crc, chunk, (size_t)count);
        at += (uint64_t)count;
        if (capture_given_up(capture))
            return -ECANCELED;
    }
    *ret_crc = crc;
    return 0;
}

int finish_extents(struct capture *capture)
{
    AUTO_FREE uint8_t *chunk = aligned_alloc(CKPT_PAGE_SIZE, CHUNK_BYTES);
    if (!chunk)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    int error = copy_file_pages(capture, chunk);
    struct ckpt_extent *extents = (void *)capture->extents.data;
    size_t count = capture->extents.size / sizeof(*extents);
    for (size_t i = 0; error == 0 && capture->request->keep_running && i < count; i++)
        if (extents[i].file_offset && !extents[i].crc)
            error = sum_stored(capture, extents[i].file_offset, extents[i].length, chunk, &extents[i].crc);
    return error == 0 ? sum_memory_files(capture, chunk) : error;
}

static int order_extents(const void *left, const void *right)
{
    const struct ckpt_extent *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

void sort_extents(struct capture *capture)
{
    struct ckpt_extent *extents = (void *)capture->extents.data;
    size_t count = capture->extents.size / sizeof(*extents), next = 0;
    if (count)
        qsort(extents, count, sizeof(*extents), order_extents);
    for (size_t i = 0; i < capture->mapping_count; i++) {
        capture->mappings[i].record.first_extent = next;
        next += capture->mappings[i].record.extent_count;
    }
}
