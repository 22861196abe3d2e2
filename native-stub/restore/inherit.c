// SPDX-License-Identifier: Apache-2.0
/* Descriptors that the launch brings along. */
#include "restore/stub.h"

/* What the program did there it does again. A descriptor that it had open for both, as terminals are, may be one for either. */
static bool gives_access(const struct image_file_op *op, int64_t flags)
{
    uint32_t wanted = op->open_flags & ABI_O_ACCMODE;
    uint32_t given = (uint32_t)flags & ABI_O_ACCMODE;

    return wanted == ABI_O_RDWR || given == ABI_O_RDWR || given == wanted;
}

static void require(struct stub_state *state, const struct image_file_op *op, int64_t flags)
{
    if (flags == -ABI_EBADF)
        stub_fail(state, "descriptor %d is to be this launch's own, and it has none there; start it with one, as %d>FILE or %d<FILE "
                  "in a shell", (int64_t)op->fd, (int64_t)op->fd, (int64_t)op->fd);
    if (!gives_access(op, flags))
        stub_fail(state, "descriptor %d is to be this launch's own, and %s", (int64_t)op->fd,
                  (op->open_flags & ABI_O_ACCMODE) == ABI_O_WRONLY ? "it is open for reading only, but the program writes to it"
                                                                   : "it is open for writing only, but the program reads from it");
}

/* As a program finds a pipe whose other end has been closed: the end when it reads, SIGPIPE or EPIPE when it writes. */
static void take_broken_pipe(struct stub_state *state, const struct image_file_op *op)
{
    int writes = (op->open_flags & ABI_O_ACCMODE) == ABI_O_WRONLY;
    int ends[2];
    int64_t result = sys_pipe(ends, ABI_O_CLOEXEC | (op->open_flags & ABI_O_NONBLOCK));

    if (is_error(result))
        file_fail(state, op, "making a pipe", result);
    if (ends[!writes] == op->fd) { /* the end that goes has the number */
        result = image_duplicate_aside(state, ends[writes]);
        if (is_error(result))
            file_fail(state, op, "making a pipe", result);
        sys_close(ends[writes]);
        ends[writes] = (int)result;
    }
    sys_close(ends[!writes]);
    file_place(state, op, ends[writes]);
}

/* Others may share the description: only what the program itself had done to the like of it is done. */
static void stop_blocking(const struct image_file_op *op, int64_t flags)
{
    struct abi_stat stat;

    if ((op->open_flags & ABI_O_NONBLOCK) == 0 || is_error(sys_fstat(op->fd, &stat)))
        return;
    if ((stat.mode & ABI_S_IFMT) == ABI_S_IFIFO || (stat.mode & ABI_S_IFMT) == ABI_S_IFSOCK)
        sys_fcntl(op->fd, ABI_F_SETFL, (uint64_t)flags | ABI_O_NONBLOCK);
}

void file_inherit(struct stub_state *state, const struct image_file_op *op)
{
    int64_t flags = sys_fcntl(op->fd, ABI_F_GETFL, 0);

    if (op->values[0] == IMAGE_INHERIT_NEEDED)
        require(state, op, flags);
    if (is_error(flags) && op->values[0] == IMAGE_INHERIT_PIPE)
        take_broken_pipe(state, op);
    if (is_error(flags))
        return;
    stop_blocking(op, flags);
    if (op->close_on_exec != 0)
        sys_fcntl(op->fd, ABI_F_SETFD, ABI_FD_CLOEXEC);
}
