// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptors, in the order of the plan. New objects appear at the lowest free number and are moved to theirs at once,
 * so a temporary number is never one that is in use, and it is free again before the next operation. Descriptors of
 * the launch that the plan does not mention stay open, as in any exec, unless the plan needs their number.
 */
#include "restore/stub.h"

_Noreturn void file_fail(struct stub_state *state, const struct image_file_op *op, const char *doing, int64_t error)
{
    stub_fail(state, "%s: %e; the program had it as descriptor %d", doing, error, (int64_t)op->fd);
}

static void set_close_on_exec(const struct image_file_op *op, int fd)
{
    sys_fcntl(fd, ABI_F_SETFD, op->close_on_exec ? ABI_FD_CLOEXEC : 0);
}

/* Moves what was just opened to the operation's number. */
void file_place(struct stub_state *state, const struct image_file_op *op, int64_t opened)
{
    int64_t result;

    if (opened == op->fd) {
        set_close_on_exec(op, op->fd);
        return;
    }
    result = sys_dup3((int)opened, op->fd, op->close_on_exec ? ABI_O_CLOEXEC : 0);
    if (is_error(result))
        stub_fail(state, "using descriptor number %d: %e; the limit is `ulimit -n`", (int64_t)op->fd, result);
    sys_close((int)opened);
}

/* A file that belongs to somebody else cannot be opened with O_NOATIME: a detail lost. */
static int64_t open_leniently(const char *path, uint32_t flags)
{
    int64_t fd = sys_open(path, flags);

    if (fd == -ABI_EPERM && (flags & ABI_O_NOATIME) != 0)
        fd = sys_open(path, flags & ~(uint32_t)ABI_O_NOATIME);
    return fd;
}

/* What stands at the path by now may be a named pipe or a serial line, whose opening would wait for somebody. */
static int64_t open_without_waiting(const char *path, uint32_t flags)
{
    int64_t fd = open_leniently(path, flags | ABI_O_NONBLOCK);

    if (fd == -ABI_ENXIO && (flags & ABI_O_ACCMODE) == ABI_O_WRONLY)
        fd = fifo_open_end(path, flags);

    if ((flags & (ABI_O_NONBLOCK | ABI_O_PATH)) == 0 && !is_error(fd))
        sys_fcntl((int)fd, ABI_F_SETFL, (uint64_t)sys_fcntl((int)fd, ABI_F_GETFL, 0) & ~(uint64_t)ABI_O_NONBLOCK);
    return fd;
}

/* ext4 begins to read a directory where its first reader stands (fs/ext4/dir.c, ext4_dx_readdir): one that stands at the end
 * would find nothing when it goes back, either. So the first reader stands at the begin. */
static void prepare_position(struct stub_state *state, const struct image_file_op *op, int fd)
{
    if (op->values[0] == ABI_S_IFDIR)
        sys_getdents(fd, state->buffer, sizeof(state->buffer));
}

static void open_file(struct stub_state *state, const struct image_file_op *op)
{
    const uint32_t never = ABI_O_CREAT | ABI_O_EXCL | ABI_O_TRUNC; /* were done when the program opened it */
    const char *path = plan_string(state->plan, op->path);
    struct abi_stat stat;
    bool instead;
    int64_t result, fd = open_without_waiting(path, (op->open_flags & ~never) | ABI_O_NOCTTY);

    if (is_error(fd))
        stub_fail(state, "opening %s: %e; the program had it open as descriptor %d", path, fd, (int64_t)op->fd);
    result = sys_fstat((int)fd, &stat);
    if (is_error(result))
        stub_fail(state, "looking at %s: %e; the program had it open as descriptor %d", path, result, (int64_t)op->fd);
    instead = op->values[1] != 0;
    if ((op->values[0] != 0 && (stat.mode & ABI_S_IFMT) != op->values[0]) ||
        (instead && op->values[0] != ABI_S_IFDIR && (stat.mode & ABI_S_IFMT) == ABI_S_IFDIR))
        stub_fail(state, "%s is not the kind of file that the program had open as descriptor %d", path, (int64_t)op->fd);
    if (op->offset != 0 && !(instead && (stat.mode & ABI_S_IFMT) != ABI_S_IFREG)) {
        prepare_position(state, op, (int)fd);
        result = sys_lseek((int)fd, op->offset);
        if (is_error(result))
            stub_fail(state, "seeking to %u in %s: %e; the program had it open as descriptor %d", op->offset, path,
                      result, (int64_t)op->fd);
    }
    file_place(state, op, fd);
}

/* A duplicate of a standard descriptor that this launch has closed is closed as well. */
static void duplicate(struct stub_state *state, const struct image_file_op *op)
{
    int source = (int)op->values[0];
    int64_t result;

    if (source == op->fd) {
        set_close_on_exec(op, op->fd);
        return;
    }
    result = sys_dup3(source, op->fd, op->close_on_exec ? ABI_O_CLOEXEC : 0);
    if (result == -ABI_EBADF && source <= 2 && is_error(sys_fcntl(source, ABI_F_GETFD, 0)))
        sys_close(op->fd);
    else if (is_error(result))
        stub_fail(state, "duplicating descriptor %d as %d: %e", (int64_t)source, (int64_t)op->fd, result);
}

static bool is_terminal(int fd)
{
    struct abi_termios modes;

    return !is_error(sys_ioctl(fd, ABI_TCGETS, &modes));
}

static void open_terminal(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_open("/dev/tty", (op->open_flags & (ABI_O_ACCMODE | ABI_O_NONBLOCK | ABI_O_CLOEXEC)) | ABI_O_NOCTTY);

    for (int standard = 0; standard <= 2 && is_error(fd); standard++) {
        if (standard != op->fd && is_terminal(standard))
            fd = sys_fcntl(standard, ABI_F_DUPFD_CLOEXEC, 0);
    }
    if (is_error(fd))
        file_fail(state, op, "finding the terminal of this launch", fd);
    file_place(state, op, fd);
}

static void make_epoll(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_epoll_create(ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making an epoll instance", fd);
    file_place(state, op, fd);
}

static void watch(struct stub_state *state, const struct image_file_op *op)
{
    struct abi_epoll_event event = {.events = (uint32_t)op->values[1], .data = op->values[2]};
    int64_t result = sys_epoll_add(op->fd, (int)op->values[0], &event);
    bool replaced = op->values[0] <= 2 || op->offset != 0;

    /* A descriptor of this launch may be a file or closed: it then never reports anything. */
    if (is_error(result) && !(replaced && (result == -ABI_EPERM || result == -ABI_EBADF)))
        stub_fail(state, "adding descriptor %d to epoll instance %d: %e", (int64_t)op->values[0], (int64_t)op->fd, result);
}

static void make_signalfd(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_signalfd(&op->values[0], (op->open_flags & ABI_O_NONBLOCK) | ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making a signalfd", fd);
    file_place(state, op, fd);
}

static void restore_one(struct stub_state *state, const struct image_file_op *op)
{
    switch (op->kind) {
    case IMAGE_FILE_OPEN:
        open_file(state, op);
        break;
    case IMAGE_FILE_DUPLICATE:
        duplicate(state, op);
        break;
    case IMAGE_FILE_DELETED:
        file_make_deleted(state, op);
        break;
    case IMAGE_FILE_PIPE:
        file_make_pipe(state, op);
        break;
    case IMAGE_FILE_PIPE_WRITER:
        file_set_pipe_writer(state, op);
        break;
    case IMAGE_FILE_PIPE_DATA:
        file_write_pipe_data(state, op);
        break;
    case IMAGE_FILE_EVENTFD:
        file_make_eventfd(state, op);
        break;
    case IMAGE_FILE_EPOLL:
        make_epoll(state, op);
        break;
    case IMAGE_FILE_EPOLL_ADD:
        watch(state, op);
        break;
    case IMAGE_FILE_TIMERFD:
        file_make_timerfd(state, op);
        break;
    case IMAGE_FILE_SIGNALFD:
        make_signalfd(state, op);
        break;
    case IMAGE_FILE_INOTIFY:
        file_make_inotify(state, op);
        break;
    case IMAGE_FILE_WATCH:
        file_add_watch(state, op);
        break;
    case IMAGE_FILE_WATCH_MASK:
        file_set_watch(state, op);
        break;
    case IMAGE_FILE_PIDFD:
        file_make_pidfd(state, op);
        break;
    case IMAGE_FILE_QUEUE:
        file_open_queue(state, op);
        break;
    case IMAGE_FILE_EPOLL_SPENT:
        file_add_spent(state, op);
        break;
    case IMAGE_FILE_TIMERFD_AT:
        file_make_timerfd_at(state, op);
        break;
    case IMAGE_FILE_MEMFD:
        memory_file_make(state, op);
        break;
    case IMAGE_FILE_MEMFD_DATA:
        memory_file_fill(state, op);
        break;
    case IMAGE_FILE_MEMFD_OPEN:
        memory_file_reopen(state, op);
        break;
    case IMAGE_FILE_SEGMENT:
        segment_find(state, op);
        break;
    case IMAGE_FILE_SEGMENT_DATA:
        segment_fill(state, op);
        break;
    case IMAGE_FILE_SOCKET:
        socket_make(state, op);
        break;
    case IMAGE_FILE_SOCKET_PAIR:
        socket_make_pair(state, op);
        break;
    case IMAGE_FILE_SOCKET_END:
        socket_set_end(state, op);
        break;
    case IMAGE_FILE_SOCKET_DATA:
        socket_send_data(state, op);
        break;
    case IMAGE_FILE_SOCKET_OPTION:
        socket_set_option(state, op);
        break;
    case IMAGE_FILE_SOCKET_BIND:
        socket_bind(state, op);
        break;
    case IMAGE_FILE_SOCKET_CONNECT:
        socket_connect(state, op);
        break;
    case IMAGE_FILE_SOCKET_LISTEN:
        socket_listen(state, op);
        break;
    case IMAGE_FILE_SOCKET_SHUTDOWN:
        socket_shutdown(state, op);
        break;
    case IMAGE_FILE_SOCKET_RESET:
        socket_make_reset(state, op);
        break;
    case IMAGE_FILE_CLOSE:
        sys_close(op->fd); /* closed by this launch as well, perhaps */
        break;
    case IMAGE_FILE_TERMINAL:
        open_terminal(state, op);
        break;
    case IMAGE_FILE_INHERIT:
        file_inherit(state, op);
        break;
    case IMAGE_FILE_FIFO:
        file_open_fifo(state, op);
        break;
    case IMAGE_FILE_PIPE_OPEN:
        file_open_pipe_again(state, op);
        break;
    default: /* IMAGE_FILE_LOCK, IMAGE_FILE_OWNER: later */
        break;
    }
}

/* Messages go to the launch's stderr, also when the plan puts something else in its place; never into a file that
 * happens to get number 2. */
static void keep_stderr(struct stub_state *state)
{
    if (is_error(sys_fcntl(2, ABI_F_GETFD, 0))) {
        state->report_fd = STUB_NO_FD;
        return;
    }
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        bool takes_it = op->fd == 2 || (file_op_has_second_end(op->kind) && (int32_t)op->values[0] == 2);

        if (takes_it && op->kind != IMAGE_FILE_INHERIT) {
            state->report_fd = image_duplicate_aside(state, 2);
            return;
        }
    }
}

void files_restore(struct stub_state *state)
{
    keep_stderr(state);
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops)
        restore_one(state, op);
}
