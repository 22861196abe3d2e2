// SPDX-License-Identifier: Apache-2.0
/* Descriptors of what the kernel knows by a name or number of its own: processes, message queues, spent epoll items. */
#include "restore/stub.h"

void file_make_pidfd(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_pidfd_open(state->pid, op->open_flags & ABI_O_NONBLOCK);

    if (is_error(fd))
        file_fail(state, op, "opening this process", fd);
    file_place(state, op, fd);
}

void file_open_queue(struct stub_state *state, const struct image_file_op *op)
{
    const char *path = plan_string(state->plan, op->path);
    int64_t fd = sys_mq_open(path + (path[0] == '/'), op->open_flags & (ABI_O_ACCMODE | ABI_O_NONBLOCK | ABI_O_CLOEXEC));

    if (is_error(fd))
        stub_fail(state, "opening the message queue %s: %e; the program had it as descriptor %d", path, fd, (int64_t)op->fd);
    file_place(state, op, fd);
}

/*
 * An item that has fired under EPOLLONESHOT reports nothing, not even a hang-up, until it is set again. There is no call
 * for that but firing: so it is added with all events, and waited for. What is watched is ready for one of them, unless it
 * is an empty pipe, into which a byte is written for that moment.
 */
void file_add_spent(struct stub_state *state, const struct image_file_op *op)
{
    const uint32_t any = ABI_EPOLLIN | ABI_EPOLLOUT | ABI_EPOLLPRI | ABI_EPOLLRDHUP;
    struct abi_epoll_event event = {.events = (uint32_t)op->values[1] | any, .data = op->values[2]}, fired;
    int watched = (int)op->values[0], writer = (int)op->values[3] - 1;
    uint8_t byte = 0;
    bool written = writer >= 0 && sys_write(writer, &byte, 1) == 1;
    int64_t result = sys_epoll_add(op->fd, watched, &event);

    if (!is_error(result) && sys_epoll_wait(op->fd, &fired, 1) == 0) {
        event.events = (uint32_t)op->values[1];
        result = sys_epoll_change(op->fd, watched, &event);
    }
    if (written)
        sys_read(watched, &byte, 1);
    if (is_error(result) && !((watched <= 2 || op->offset != 0) && (result == -ABI_EPERM || result == -ABI_EBADF)))
        stub_fail(state, "adding descriptor %d to epoll instance %d: %e", (int64_t)watched, (int64_t)op->fd, result);
}
