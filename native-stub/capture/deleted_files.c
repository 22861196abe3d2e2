/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "deleted_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "memory_files.h"
#include "proc_files.h"

#define COPY_PIECE (1u << 20)

static const char *path_of(const struct capture *capture, const struct ckpt_description *record)
{
    return (const char *)capture->strings.data + record->path.offset;
}

static int lowest_descriptor(const struct capture *capture, size_t description)
{
    const struct ckpt_descriptor *descriptors = (const void *)capture->descriptors.data;
    for (size_t i = 0; i < capture->descriptors.size / sizeof(*descriptors); i++)
        if (descriptors[i].description == description)
            return descriptors[i].fd;
    return -1;
}

/* btrfs shows another device number in stat than in maps, but the same path. */
static bool is_same(const struct capture *capture, const struct ckpt_description *record, uint64_t inode, uint32_t dev_major,
                    uint32_t dev_minor, const char *path)
{
    return record->kind == CKPT_FILE_DELETED && record->inode == inode &&
           ((record->dev_major == dev_major && record->dev_minor == dev_minor) || strcmp(path_of(capture, record), path) == 0);
}

bool writes_deleted_file(const struct capture *capture, const struct mapping *mapping)
{
    const struct ckpt_description *records = (const void *)capture->descriptions.data;
    for (size_t i = 0; i < capture->descriptions.size / sizeof(*records); i++)
        if (is_same(capture, &records[i], mapping->record.inode, mapping->record.dev_major, mapping->record.dev_minor,
                    mapping->name) &&
            (records[i].open_flags & O_ACCMODE) != O_RDONLY)
            return true;
    return false;
}

/* Copies what stands in the file; the rest of the place that was reserved for it is a hole, and counts as zeros. */
static int copy_contents(struct capture *capture, int fd, struct ckpt_description *record, uint8_t *piece)
{
    uint64_t done = 0;
    while (done < record->size) {
        off_t data = lseek(fd, (off_t)done, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            break;
        uint64_t at = data < 0 ? done : (uint64_t)data;
        if (at >= record->size)
            break;
        ssize_t count = pread(fd, piece, COPY_PIECE, (off_t)at);
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        if ((uint64_t)count > record->size - at) /* another process writes on */
            count = (ssize_t)(record->size - at);
        writer_put(&capture->writer, record->data_offset + at, piece, (size_t)count);
        record->data_crc = crc32c(crc32c_zeros(record->data_crc, at - done), piece, (size_t)count);
        done = at + (uint64_t)count;
    }
    record->data_crc = crc32c_zeros(record->data_crc, record->size - done);
    return 0;
}

static int copy_deleted(struct capture *capture, int descriptor, struct ckpt_description *record)
{
    AUTO_CLOSE int fd = open_proc(O_RDONLY | O_NONBLOCK, "%d/fd/%d", capture->pid, descriptor);
    AUTO_FREE uint8_t *piece = malloc(COPY_PIECE);
    if (fd < 0)
        return refuse(capture->report, fd, "reading the deleted file %s (descriptor %d of process %d): %s",
                      path_of(capture, record), descriptor, capture->pid, strerror(-fd));
    if (!piece)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    record->data_size = record->size;
    record->data_offset = record->size ? writer_reserve(&capture->writer, record->size) : 0;
    int error = copy_contents(capture, fd, record, piece);
    return error == 0 ? 0
                      : refuse(capture->report, error, "reading the deleted file %s (descriptor %d of process %d): %s",
                               path_of(capture, record), descriptor, capture->pid, strerror(-error));
}

/* Returns whether the file is a memory file, which the description then refers to. */
static bool join(struct capture *capture, int descriptor, struct ckpt_description *record)
{
    if (record->open_flags & O_PATH)
        return false; /* neither reads nor writes it */
    for (size_t i = 0; i < capture->memory_file_count; i++) {
        struct memory_file *file = &capture->memory_files[i];
        if (!file->deleted_path || !is_same(capture, record, file->record.inode, file->record.dev_major, file->record.dev_minor,
                                            file->deleted_path))
            continue;
        record->kind = CKPT_FILE_MEMFD;
        record->object = (uint32_t)i;
        if (file->descriptor < 0)
            file->descriptor = descriptor;
        return true;
    }
    return false;
}

int settle_deleted_files(struct capture *capture)
{
    struct ckpt_description *records = (void *)capture->descriptions.data;
    for (size_t i = 0; i < capture->descriptions.size / sizeof(*records); i++) {
        int error = 0, descriptor = lowest_descriptor(capture, i);
        if (records[i].kind == CKPT_FILE_DELETED && !join(capture, descriptor, &records[i]))
            error = copy_deleted(capture, descriptor, &records[i]);
        if (error < 0)
            return error;
    }
    return 0;
}
