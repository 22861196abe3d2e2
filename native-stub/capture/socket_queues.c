/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits in an AF_UNIX socket to be received. It is peeked at, never taken out. One peek shows all of a stream, but
 * only the first of several messages: the others show when SO_PEEK_OFF is set, which is put back at once (peek_guard.h).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "crc32c.h"
#include "peek_guard.h"
#include "sockets.h"

#define MESSAGE_LIMIT (4u << 20) /* bytes; the kernel's own limit is net.core.wmem_max, 208 KiB by default */

static int refuse_ancillary(struct capture *capture, const struct open_socket *opened)
{
    return refuse_socket(capture, opened, "a socket with descriptors or other ancillary data that were not received yet",
                         "let the program receive them before");
}

/* Peeks once. Without room for descriptors they stay where they are and MSG_CTRUNC tells of them; the sender's
 * credentials, which stand before them, have room. Returns bytes, or -errno. */
static ssize_t peek(int fd, uint8_t *bytes, size_t size, bool *ret_ancillary)
{
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    int credentials = 0;
    socklen_t length = sizeof(credentials);
    struct iovec piece = {bytes, size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    getsockopt(fd, SOL_SOCKET, SO_PASSCRED, &credentials, &length);
    if (credentials) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
    }
    ssize_t count = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
    *ret_ancillary = count >= 0 && message.msg_flags & MSG_CTRUNC;
    return count < 0 ? -errno : count;
}

static int peek_stream(struct capture *capture, const struct open_socket *opened, struct buffer *bytes)
{
    int waiting = 0;
    bool ancillary;
    if (ioctl(opened->fd, FIONREAD, &waiting) < 0 || waiting <= 0)
        return 0;
    uint8_t *place = buffer_extend(bytes, (size_t)waiting);
    if (!place)
        return -ENOMEM;
    ssize_t count = peek(opened->fd, place, (size_t)waiting, &ancillary);
    if (count < 0)
        return (int)count;
    return ancillary || count != waiting ? refuse_ancillary(capture, opened) : 0;
}

/* A look at messages would take away an error that waits to be told (net/core/datagram.c), but telling their size does not. */
static int check_behind_error(struct capture *capture, const struct open_socket *opened)
{
    int waiting = 0;
    if (ioctl(opened->fd, FIONREAD, &waiting) < 0 || waiting <= 0)
        return 0;
    return refuse_socket(capture, opened, "a socket with messages behind an error that was not read yet",
                         "let the program read them before");
}

/* A connection that has ended answers 0 to every peek, as an empty message does. */
static bool has_ended(const struct open_socket *opened)
{
    struct pollfd state = {.fd = opened->fd, .events = POLLRDHUP};
    return opened->type == SOCK_SEQPACKET && poll(&state, 1, 0) == 1 && state.revents & (POLLRDHUP | POLLHUP);
}

static int peek_messages(struct capture *capture, const struct open_socket *opened, struct buffer *lengths,
                         struct buffer *bytes)
{
    AUTO_FREE uint8_t *message = malloc(MESSAGE_LIMIT);
    bool ancillary;
    if (!message)
        return -ENOMEM;
    for (;;) {
        ssize_t count = peek(opened->fd, message, MESSAGE_LIMIT, &ancillary);
        if (count == -EAGAIN || (count == 0 && has_ended(opened)))
            return 0;
        if (count < 0)
            return (int)count;
        if (ancillary)
            return refuse_ancillary(capture, opened);
        if ((size_t)count > MESSAGE_LIMIT)
            return refuse_socket(capture, opened, "a socket with a very long message", "let the program receive it before");
        uint32_t length = (uint32_t)count;
        buffer_append(lengths, &length, sizeof(length));
        buffer_append(bytes, message, length);
    }
}

static int peek_all(struct capture *capture, const struct open_socket *opened, struct buffer *lengths, struct buffer *bytes)
{
    struct pollfd state = {.fd = opened->fd, .events = POLLIN};
    int offset = -1;
    socklen_t size = sizeof(offset);
    if (poll(&state, 1, 0) != 1 || !(state.revents & POLLIN))
        return 0;
    bool stream = opened->type == SOCK_STREAM;
    if (!stream && state.revents & POLLERR)
        return check_behind_error(capture, opened);
    if (getsockopt(opened->fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &size) < 0)
        return -errno;
    if (stream && offset == -1) /* as a peek leaves it */
        return peek_stream(capture, opened, bytes);
    struct peek_guard guard;
    int error = guard_peek_offset(&guard, opened->fd, offset);
    if (error < 0)
        return error;
    if (!set_peek_offset(opened->fd, stream ? -1 : 0))
        error = -errno;
    else
        error = stream ? peek_stream(capture, opened, bytes) : peek_messages(capture, opened, lengths, bytes);
    end_peek_guard(&guard);
    return error;
}

static void store(struct capture *capture, const struct buffer *lengths, const struct buffer *bytes,
                  struct ckpt_socket *record)
{
    uint64_t size = lengths->size + bytes->size;
    if (!size)
        return;
    record->packet_count = (uint32_t)(lengths->size / sizeof(uint32_t));
    record->data_size = size;
    record->data_offset = writer_reserve(&capture->writer, size);
    record->data_crc = crc32c(crc32c(0, lengths->data, lengths->size), bytes->data, bytes->size);
    writer_put(&capture->writer, record->data_offset, lengths->data, lengths->size);
    writer_put(&capture->writer, record->data_offset + lengths->size, bytes->data, bytes->size);
}

int copy_socket_queue(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    AUTO_BUFFER struct buffer lengths = {0}, bytes = {0};
    if (record->state == CKPT_SOCKET_OPEN && opened->type != SOCK_DGRAM)
        return 0;
    int error = peek_all(capture, opened, &lengths, &bytes);
    if (error == 0 && (lengths.failed || bytes.failed))
        error = -ENOMEM;
    if (error == -ENOTSUP)
        return error;
    if (error < 0)
        return refuse(capture->report, error, "copying what waits in descriptor %d of process %d (%s): %s",
                      opened->descriptor, capture->pid, opened->path, strerror(-error));
    store(capture, &lengths, &bytes, record);
    return 0;
}
