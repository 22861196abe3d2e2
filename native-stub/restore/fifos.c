// SPDX-License-Identifier: Apache-2.0
/*
 * Pipes that are opened: by name, or once more. Opening one end waits for the other or fails with ENXIO, see fifo(7); opening
 * both does neither, and they serve as the other end until this one is open.
 */
#include "restore/stub.h"

#define STATUS_FLAGS ((uint32_t)(ABI_O_APPEND | ABI_O_NONBLOCK | ABI_O_DIRECT | ABI_O_NOATIME)) /* what F_SETFL may change */

static int64_t open_both(const char *path)
{
    return sys_open(path, ABI_O_RDWR | ABI_O_NONBLOCK | ABI_O_NOCTTY | ABI_O_CLOEXEC);
}

/* The descriptor is O_NONBLOCK. */
int64_t fifo_open_end(const char *path, uint32_t flags)
{
    const uint32_t quietly = (flags & (ABI_O_ACCMODE | ABI_O_DIRECT | ABI_O_APPEND)) | ABI_O_NONBLOCK | ABI_O_NOCTTY | ABI_O_CLOEXEC;
    int64_t both, fd = sys_open(path, quietly);

    if (fd != -ABI_ENXIO)
        return fd;
    both = open_both(path);
    if (is_error(both))
        return fd;
    fd = sys_open(path, quietly);
    sys_close((int)both);
    return fd;
}

static void require_fifo(struct stub_state *state, const struct image_file_op *op, const char *path, int64_t fd)
{
    struct abi_stat stat;

    if (is_error(fd))
        stub_fail(state, "opening the named pipe %s: %e; the program had it as descriptor %d", path, fd, (int64_t)op->fd);
    if (is_error(sys_fstat((int)fd, &stat)) || (stat.mode & ABI_S_IFMT) != ABI_S_IFIFO)
        stub_fail(state, "%s is not a named pipe, which the program had open as descriptor %d", path, (int64_t)op->fd);
}

void file_open_fifo(struct stub_state *state, const struct image_file_op *op)
{
    const char *path = plan_string(state->plan, op->path);
    int64_t both = STUB_NO_FD, fd;

    if (op->values[2] != 0) {
        both = open_both(path);
        require_fifo(state, op, path, both);
    }
    fd = fifo_open_end(path, op->open_flags);
    require_fifo(state, op, path, fd);
    if (op->values[3] != 0) /* more than an ordinary user may have: a detail lost, unless the bytes do not fit */
        sys_fcntl((int)fd, ABI_F_SETPIPE_SZ, op->values[3]);
    if (op->values[2] != 0) {
        file_write_stream(state, op, (int)both, op->values[2], op->values[1]);
        sys_close((int)both);
    }
    sys_fcntl((int)fd, ABI_F_SETFL, op->open_flags & STATUS_FLAGS);
    file_place(state, op, fd);
}

void file_open_pipe_again(struct stub_state *state, const struct image_file_op *op)
{
    struct stub_line path = {.length = 0};
    int64_t fd;

    line_append(&path, "/proc/self/fd/%d", (int64_t)op->values[0]);
    path.bytes[path.length] = '\0';
    fd = fifo_open_end(path.bytes, op->open_flags);
    if (is_error(fd))
        file_fail(state, op, "opening a pipe a second time through /proc/self/fd", fd);
    sys_fcntl((int)fd, ABI_F_SETFL, op->open_flags & STATUS_FLAGS);
    file_place(state, op, fd);
}
