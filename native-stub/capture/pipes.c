/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes. Bytes in flight are copied by tee(2), which takes nothing out of the pipe. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crc32c.h"
#include "descriptors.h"
#include "outside.h"

#define PACKET_MODE 1u

static struct ckpt_pipe *find_pipe(struct capture *capture, uint64_t inode, uint32_t *ret_index)
{
    struct ckpt_pipe *pipes = (void *)capture->pipes.data;
    size_t count = capture->pipes.size / sizeof(*pipes);
    for (size_t i = 0; i < count; i++) {
        if (pipes[i].inode == inode) {
            *ret_index = (uint32_t)i;
            return &pipes[i];
        }
    }
    *ret_index = (uint32_t)count;
    struct ckpt_pipe *pipe = buffer_extend(&capture->pipes, sizeof(*pipe));
    if (pipe)
        pipe->inode = inode;
    return pipe;
}

/* Reads all of a pipe of our own: the bytes behind the lengths of its packets, when it has packets. */
static int drain(int fd, bool packets, struct buffer *lengths, struct buffer *bytes)
{
    uint8_t piece[65536];
    for (;;) {
        ssize_t count = read(fd, piece, packets ? CKPT_PAGE_SIZE : sizeof(piece));
        if (count < 0)
            return errno == EAGAIN ? 0 : -errno;
        if (count == 0)
            return 0;
        uint32_t length = (uint32_t)count;
        if (packets)
            buffer_append(lengths, &length, sizeof(length));
        buffer_append(bytes, piece, (size_t)count);
    }
}

/* A read takes nothing of a packet but what it has room for, the rest is gone. The flag of the writing end only tells what will
 * be written next. */
static bool holds_packets(int from)
{
    int ends[2], before = 0, after = 0;
    char byte;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    AUTO_CLOSE int in = ends[0];
    AUTO_CLOSE int out = ends[1];
    return tee(from, out, INT_MAX, SPLICE_F_NONBLOCK) > 0 && ioctl(in, FIONREAD, &before) == 0 && read(in, &byte, 1) == 1 &&
           ioctl(in, FIONREAD, &after) == 0 && after != before - 1;
}

static int copy_in_flight(int from, uint32_t capacity, bool packets, struct buffer *lengths, struct buffer *bytes)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    AUTO_CLOSE int in = ends[0];
    AUTO_CLOSE int out = ends[1];
    if (fcntl(out, F_SETPIPE_SZ, capacity) < 0)
        return -errno;
    if (tee(from, out, INT_MAX, SPLICE_F_NONBLOCK) < 0 && errno != EAGAIN)
        return -errno;
    return drain(in, packets, lengths, bytes);
}

int save_in_flight(struct capture *capture, int reader, struct ckpt_pipe *pipe)
{
    AUTO_BUFFER struct buffer lengths = {0}, bytes = {0};
    int error = copy_in_flight(reader, pipe->capacity, holds_packets(reader), &lengths, &bytes);
    if (error < 0 || bytes.failed || lengths.failed)
        return error < 0 ? error : -ENOMEM;
    uint64_t size = lengths.size + bytes.size;
    if (!size)
        return 0;
    pipe->packet_count = (uint32_t)(lengths.size / sizeof(uint32_t));
    pipe->data_size = size;
    pipe->data_offset = writer_reserve(&capture->writer, size);
    pipe->data_crc = crc32c(crc32c(0, lengths.data, lengths.size), bytes.data, bytes.size);
    writer_put(&capture->writer, pipe->data_offset, lengths.data, lengths.size);
    writer_put(&capture->writer, pipe->data_offset + lengths.size, bytes.data, bytes.size);
    return 0;
}

/* An end alone tells whether anybody holds the other one: a reader without writers sees POLLHUP, a writer without
 * readers POLLERR (fs/pipe.c pipe_poll). */
static bool other_end_closed(int fd)
{
    struct pollfd state = {.fd = fd, .events = 0};
    return poll(&state, 1, 0) == 1 && state.revents & (POLLHUP | POLLERR);
}

/* What the program's own ends of a pipe can do together. */
static struct pipe_end join_ends(const struct capture *capture, uint64_t inode)
{
    struct pipe_end all = {.inode = inode};
    for (size_t i = 0; i < capture->pipe_end_count; i++) {
        if (capture->pipe_ends[i].inode != inode)
            continue;
        all.reads |= capture->pipe_ends[i].reads;
        all.writes |= capture->pipe_ends[i].writes;
        all.packets |= capture->pipe_ends[i].packets;
    }
    return all;
}

int describe_pipe(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    unsigned access = record->open_flags & O_ACCMODE;
    bool reads = access != O_WRONLY;
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    if (fd < 0)
        return refuse(capture->report, -errno, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid,
                      file->path, strerror(errno));
    struct pipe_end ends = join_ends(capture, file->status.st_ino);
    bool inside = (ends.reads && ends.writes) || other_end_closed(fd);
    if (!inside || channel_is_elsewhere(capture, file->status.st_ino)) {
        record->flags |= CKPT_DESCRIPTION_OUTSIDE;
        if (file->standard || record->flags & CKPT_DESCRIPTION_INHERITED)
            return 0; /* the launch's own; a shell or build server above leaves such descriptors open */
        if (capture->request->allow & ALLOW_OUTSIDE_PIPE) {
            capture->allowed |= ALLOW_OUTSIDE_PIPE;
            return 0;
        }
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: descriptor %d is an end of a pipe to another process (%s), which cannot be "
                      "captured; close it before, or go without it by --allow outside-pipe",
                      capture->pid, file->fd, file->path);
    }
    struct ckpt_pipe *pipe = find_pipe(capture, file->status.st_ino, &record->object);
    if (!pipe)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    int capacity = fcntl(fd, F_GETPIPE_SZ);
    pipe->capacity = capacity > 0 ? (uint32_t)capacity : 65536;
    if (ends.packets)
        pipe->flags |= PACKET_MODE;
    if (!reads || pipe->data_size)
        return 0;
    int error = save_in_flight(capture, fd, pipe);
    if (error < 0)
        return refuse(capture->report, error, "copying the bytes in flight of descriptor %d of process %d (%s): %s",
                      file->fd, capture->pid, file->path, strerror(-error));
    return 0;
}
