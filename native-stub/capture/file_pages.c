/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "file_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32c.h"
#include "mappings.h"
#include "pages.h"

#define PAGE CKPT_PAGE_SIZE

struct mapped_file {
    uint64_t inode;
    uint32_t dev_major, dev_minor;
    uint64_t size, mtime_ns;
    const char *name;
    int fd;
    bool copied_later; /* else its pages were read while the program stood, and it may change */
};

struct deferred_copy {
    size_t extent;        /* index into the extents */
    size_t file;          /* index into the mapped files */
    uint64_t file_offset; /* in the mapped file, bytes */
};

static int stat_file(int fd, uint64_t *ret_size, uint64_t *ret_mtime_ns)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    *ret_size = (uint64_t)status.st_size;
    *ret_mtime_ns = (uint64_t)status.st_mtim.tv_sec * 1000000000 + (uint64_t)status.st_mtim.tv_nsec;
    return 0;
}

uint64_t birth_of_file(int fd)
{
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) < 0 || !(status.stx_mask & STATX_BTIME))
        return 0;
    return (uint64_t)status.stx_btime.tv_sec * 1000000000 + status.stx_btime.tv_nsec;
}

int keep_mapped_file(struct capture *capture, const struct mapping *mapping, uint64_t *ret_size, uint64_t *ret_mtime_ns)
{
    const struct ckpt_mapping *record = &mapping->record;
    struct mapped_file *files = (void *)capture->mapped_files.data;
    if (capture->copy_at_once)
        return -ESTALE;
    for (size_t i = capture->mapped_files.size / sizeof(*files); i-- > 0; ) {
        if (files[i].inode != record->inode || files[i].dev_major != record->dev_major ||
            files[i].dev_minor != record->dev_minor)
            continue;
        *ret_size = files[i].size;
        *ret_mtime_ns = files[i].mtime_ns;
        return files[i].fd;
    }
    int fd = open_mapped_file(capture, mapping);
    if (fd < 0)
        return fd;
    struct mapped_file *file = buffer_extend(&capture->mapped_files, sizeof(*file));
    if (!file || stat_file(fd, ret_size, ret_mtime_ns) < 0) {
        close(fd);
        if (file)
            capture->mapped_files.size -= sizeof(*file);
        return -EIO;
    }
    *file = (struct mapped_file){.inode = record->inode, .dev_major = record->dev_major, .dev_minor = record->dev_minor,
                                 .size = *ret_size, .mtime_ns = *ret_mtime_ns, .name = mapping->name, .fd = fd};
    return fd;
}

bool find_file_data(int file, uint64_t offset, uint64_t *ret_data, uint64_t *ret_hole)
{
    off_t data = lseek(file, (off_t)offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return false;
    off_t hole = data < 0 ? -1 : lseek(file, data, SEEK_HOLE);
    if (hole < 0) { /* the file system does not tell */
        *ret_data = offset;
        *ret_hole = UINT64_MAX / 2;
        return true;
    }
    *ret_data = (uint64_t)data & ~(uint64_t)(PAGE - 1);
    *ret_hole = ((uint64_t)hole + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    return true;
}

static size_t index_of_file(const struct capture *capture, int fd)
{
    const struct mapped_file *files = (const void *)capture->mapped_files.data;
    size_t index = 0;
    while (files[index].fd != fd)
        index++;
    return index;
}

int defer_file_pages(struct capture *capture, struct mapping *mapping, uint64_t address, uint64_t length, int file)
{
    size_t index = capture->extents.size / sizeof(struct ckpt_extent);
    struct ckpt_extent *extent = buffer_extend(&capture->extents, sizeof(*extent));
    struct deferred_copy *copy = buffer_extend(&capture->deferred_copies, sizeof(*copy));
    if (!extent || !copy)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    uint64_t offset = writer_reserve(&capture->writer, length);
    *extent = (struct ckpt_extent){address, length, offset, CKPT_EXTENT_FILE, 0};
    *copy = (struct deferred_copy){index, index_of_file(capture, file),
                                   mapping->record.file_offset + (address - mapping->record.start)};
    ((struct mapped_file *)(void *)capture->mapped_files.data)[copy->file].copied_later = true;
    mapping->record.extent_count++;
    return 0;
}

static int describe_change(struct capture *capture, const struct mapped_file *file)
{
    return refuse(capture->report, -ESTALE,
                  "copying the mapped file %s of process %d: it changed meanwhile; try again", file->name, capture->pid);
}

/* Writes the pages of chunk that are not zero; the others become holes of the checkpoint. */
static void put_pages(struct writer *writer, uint64_t offset, const uint8_t *chunk, size_t size)
{
    for (size_t at = 0; at < size; ) {
        size_t start = at;
        while (at < size && !is_zero_page(chunk + at))
            at += PAGE;
        writer_put(writer, offset + start, chunk + start, at - start);
        while (at < size && is_zero_page(chunk + at))
            at += PAGE;
    }
}

static int copy_pages(struct capture *capture, const struct deferred_copy *copy, uint8_t *chunk)
{
    const struct mapped_file *file = (const struct mapped_file *)(void *)capture->mapped_files.data + copy->file;
    struct ckpt_extent *extent = (struct ckpt_extent *)(void *)capture->extents.data + copy->extent;
    for (uint64_t at = 0; at < extent->length; ) {
        uint64_t left = extent->length - at, size = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        ssize_t count = pread(file->fd, chunk, size, (off_t)(copy->file_offset + at));
        if (count < 0)
            return refuse(capture->report, -errno, "copying the mapped file %s of process %d: %s", file->name,
                          capture->pid, strerror(errno));
        if ((uint64_t)count < size && copy->file_offset + at + (uint64_t)count < file->size)
            return describe_change(capture, file);
        memset(chunk + count, 0, size - (size_t)count); /* behind its end a file's last page reads as zero */
        put_pages(&capture->writer, extent->file_offset + at, chunk, size);
        extent->crc = crc32c(extent->crc, chunk, size);
        at += size;
        if (capture->writer.error)
            return writer_check(&capture->writer, capture->report);
        if (capture_given_up(capture))
            return -ECANCELED;
    }
    return 0;
}

int copy_file_pages(struct capture *capture, uint8_t *chunk)
{
    const struct deferred_copy *copies = (const void *)capture->deferred_copies.data;
    const struct mapped_file *files = (const void *)capture->mapped_files.data;
    for (size_t i = 0; i < capture->deferred_copies.size / sizeof(*copies); i++) {
        int error = copy_pages(capture, &copies[i], chunk);
        if (error < 0)
            return error;
    }
    for (size_t i = 0; i < capture->mapped_files.size / sizeof(*files); i++) {
        uint64_t size = 0, mtime_ns = 0;
        if (!files[i].copied_later)
            continue;
        if (stat_file(files[i].fd, &size, &mtime_ns) < 0 || size != files[i].size || mtime_ns != files[i].mtime_ns)
            return describe_change(capture, &files[i]);
    }
    return 0;
}

void release_mapped_files(struct capture *capture)
{
    struct mapped_file *files = (void *)capture->mapped_files.data;
    for (size_t i = 0; i < capture->mapped_files.size / sizeof(*files); i++)
        close(files[i].fd);
    buffer_free(&capture->mapped_files);
    buffer_free(&capture->deferred_copies);
}
