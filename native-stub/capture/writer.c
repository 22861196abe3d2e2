/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* Calls attempt with one random temporary name after the other until one is free. */
static int with_temporary_name(struct writer *writer, int (*attempt)(struct writer *writer))
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    for (int tries = 0; tries < 100; tries++) {
        uint8_t random[6];
        char suffix[7] = {0};
        if (getrandom(random, sizeof(random), 0) != sizeof(random))
            return -EIO;
        for (int i = 0; i < 6; i++)
            suffix[i] = letters[random[i] & 63];
        snprintf(writer->temporary, sizeof(writer->temporary), ".%.240s.%s", writer->name, suffix);
        int error = attempt(writer);
        if (error != -EEXIST) {
            if (error < 0)
                writer->temporary[0] = 0;
            return error;
        }
    }
    return -EEXIST;
}

static int create_named(struct writer *writer)
{
    writer->fd = openat(writer->directory, writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return writer->fd < 0 ? -errno : 0;
}

/* A file without a name leaves nothing behind when we are killed. Where the file system has no such files, it gets a
 * temporary name at once. */
static int create_temporary(struct writer *writer)
{
    writer->fd = openat(writer->directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (writer->fd >= 0)
        return 0;
    return with_temporary_name(writer, create_named);
}

/* linkat(2): the way that needs no privilege. */
static int give_name(struct writer *writer)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", writer->fd);
    return linkat(AT_FDCWD, path, writer->directory, writer->temporary, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* Splits output into directory and name, with the directory opened. */
static int open_directory(struct writer *writer, int base, const char *base_path, const char *output,
                          struct report *report)
{
    const char *slash = strrchr(output, '/');
    const char *name = slash ? slash + 1 : output;
    if (!*name)
        return refuse(report, -EISDIR, "writing the checkpoint %s: that is a directory; give a file name", output);
    if (strlen(name) > 240)
        return refuse(report, -ENAMETOOLONG, "writing the checkpoint %s: the name is longer than 240 bytes", output);
    char part[PATH_MAX] = ".";
    if (slash && (size_t)(slash - output) < sizeof(part)) {
        size_t length = slash == output ? 1 : (size_t)(slash - output);
        memcpy(part, output, length);
        part[length] = 0;
    }
    snprintf(writer->name, sizeof(writer->name), "%s", name);
    if (output[0] == '/')
        snprintf(writer->directory_path, sizeof(writer->directory_path), "%s", part);
    else if (strcmp(part, ".") == 0)
        snprintf(writer->directory_path, sizeof(writer->directory_path), "%s", base_path);
    else
        snprintf(writer->directory_path, sizeof(writer->directory_path), "%.*s/%.*s", 2000, base_path, 2000, part);
    writer->directory = openat(base, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (writer->directory >= 0)
        return 0;
    int error = -errno;
    return refuse(report, error, "writing the checkpoint %s into %s: %s; make the directory or name another with -o",
                  writer->name, writer->directory_path, strerror(-error));
}

int writer_open(struct writer *writer, int base, const char *base_path, const char *output, struct report *report)
{
    *writer = (struct writer){.directory = -1, .fd = -1, .next = CKPT_PAGE_SIZE};
    int error = open_directory(writer, base, base_path, output, report);
    if (error < 0)
        return error;
    struct stat present;
    if (fstatat(writer->directory, writer->name, &present, 0) == 0 && S_ISDIR(present.st_mode))
        return refuse(report, -EISDIR, "writing the checkpoint %s: a directory has that name; name another with -o", output);
    error = create_temporary(writer);
    if (error < 0)
        return refuse(report, error, "writing the checkpoint %s into %s: %s; name another directory with -o",
                      writer->name, writer->directory_path, strerror(-error));
    return 0;
}

uint64_t writer_reserve(struct writer *writer, uint64_t size)
{
    uint64_t offset = writer->next;
    writer->next = (offset + size + CKPT_PAGE_SIZE - 1) & ~(uint64_t)(CKPT_PAGE_SIZE - 1);
    return offset;
}

void writer_put(struct writer *writer, uint64_t offset, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size && !writer->error) {
        ssize_t count = pwrite(writer->fd, at, size, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            writer->error = count < 0 ? -errno : -ENOSPC;
            return;
        }
        at += count;
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
}

void writer_put_pieces(struct writer *writer, uint64_t offset, struct iovec *pieces, int count)
{
    while (count && !writer->error) {
        ssize_t written = pwritev(writer->fd, pieces, count, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            writer->error = written < 0 ? -errno : -ENOSPC;
            return;
        }
        offset += (uint64_t)written;
        while (count && (size_t)written >= pieces->iov_len) {
            written -= (ssize_t)pieces->iov_len;
            pieces++;
            count--;
        }
        if (count) {
            pieces->iov_base = (char *)pieces->iov_base + written;
            pieces->iov_len -= (size_t)written;
        }
    }
}

static int report_write(struct writer *writer, int error, struct report *report)
{
    const char *advice = error == -ENOSPC || error == -EDQUOT ? "free space or name another directory with -o"
                         : error == -EFBIG ? "raise the limit (ulimit -f) or name another file system with -o"
                                           : "name another directory with -o";
    return refuse(report, error, "writing the checkpoint %s/%s: %s; %s", writer->directory_path, writer->name,
                  strerror(-error), advice);
}

int writer_check(struct writer *writer, struct report *report)
{
    return writer->error ? report_write(writer, writer->error, report) : 0;
}

int writer_commit(struct writer *writer, struct report *report)
{
    int error = writer_check(writer, report);
    if (error < 0)
        return error;
    if (fsync(writer->fd) < 0)
        return report_write(writer, -errno, report);
    if (!writer->temporary[0])
        error = with_temporary_name(writer, give_name);
    if (error < 0)
        return report_write(writer, error, report);
    if (renameat(writer->directory, writer->temporary, writer->directory, writer->name) < 0)
        return report_write(writer, -errno, report);
    writer->temporary[0] = 0;
    /* The name is there; a file system that cannot sync directories does not unmake it. */
    fsync(writer->directory);
    return 0;
}

void writer_close(struct writer *writer)
{
    if (writer->fd >= 0) {
        if (writer->temporary[0])
            unlinkat(writer->directory, writer->temporary, 0);
        close(writer->fd);
    }
    if (writer->directory >= 0)
        close(writer->directory);
    writer->fd = writer->directory = -1;
}
