// SPDX-License-Identifier: Apache-2.0
/* Descriptors of objects that have no name: deleted files, pipes, event counters, timers. */
#include "restore/stub.h"

#define STATUS_FLAGS ((uint32_t)(ABI_O_APPEND | ABI_O_NONBLOCK | ABI_O_DIRECT | ABI_O_NOATIME)) /* what F_SETFL may change */
#define EXPIRATION_LOOKS 100000
#define DESCRIPTOR_PATH "/proc/self/fd/"

/* ---- deleted files ---- */

static int64_t make_memory_file(const char *name)
{
    int64_t fd = sys_memfd_create(name, ABI_MFD_CLOEXEC);

    if (fd == -ABI_EACCES) /* sysctl vm.memfd_noexec = 2 */
        fd = sys_memfd_create(name, ABI_MFD_CLOEXEC | ABI_MFD_NOEXEC_SEAL);
    return fd;
}

static void copy_from_image(struct stub_state *state, const struct image_file_op *op, int fd)
{
    uint64_t next = op->values[0];
    uint64_t left = op->values[1];

    while (left > 0) {
        int64_t count = sys_sendfile(fd, state->image_fd, &next, left);

        if (count == 0)
            stub_fail(state, "the image is truncated: it ends before offset %u", next + left);
        if (is_error(count) && count != -ABI_EINTR)
            file_fail(state, op, "bringing back the contents of a deleted file", count);
        if (count > 0)
            left -= (uint64_t)count;
    }
}

/* Another open of the same file gives the access mode that the program had. Without /proc it stays readable and
 * writable: a detail lost. */
static int64_t reopen(int fd, uint32_t flags)
{
    struct stub_line path = {.length = 0};
    int64_t again;

    line_append(&path, DESCRIPTOR_PATH "%d", (int64_t)fd);
    path.bytes[path.length] = '\0';
    again = sys_open(path.bytes, flags & (ABI_O_ACCMODE | STATUS_FLAGS | ABI_O_CLOEXEC));
    if (is_error(again)) {
        sys_fcntl(fd, ABI_F_SETFL, flags & (STATUS_FLAGS & ~(uint32_t)ABI_O_DIRECT));
        return fd;
    }
    sys_close(fd);
    return again;
}

static const char *last_name(const char *path)
{
    const char *name = path;

    for (; *path != '\0'; path++) {
        if (*path == '/')
            name = path + 1;
    }
    return path - name < 200 ? name : "file"; /* memfd_create takes 249 bytes */
}

void file_make_deleted(struct stub_state *state, const struct image_file_op *op)
{
    const char *name = op->path == 0 ? "file" : last_name(plan_string(state->plan, op->path));
    int64_t result, fd = make_memory_file(name);

    if (is_error(fd))
        file_fail(state, op, "making a nameless file", fd);
    copy_from_image(state, op, (int)fd);
    fd = reopen((int)fd, op->open_flags);
    result = sys_lseek((int)fd, op->offset);
    if (is_error(result))
        file_fail(state, op, "seeking in a deleted file", result);
    file_place(state, op, fd);
}

/* ---- pipes ---- */

/* One write: all of it or failure; the pipe was made large enough, so it never has to wait. */
static void write_chunk(struct stub_state *state, const struct image_file_op *op, int writer, uint64_t size, uint64_t offset)
{
    int64_t count;

    image_read(state, state->buffer, size, offset);
    count = sys_write(writer, state->buffer, size);
    if (is_error(count))
        file_fail(state, op, "putting back the bytes in a pipe", count);
    if ((uint64_t)count != size)
        file_fail(state, op, "putting back the bytes in a pipe", -ABI_EAGAIN);
}

void file_write_stream(struct stub_state *state, const struct image_file_op *op, int writer, uint64_t size, uint64_t offset)
{
    while (size > 0) {
        uint64_t chunk = size < STUB_BUFFER_BYTES ? size : STUB_BUFFER_BYTES;

        write_chunk(state, op, writer, chunk, offset);
        size -= chunk;
        offset += chunk;
    }
}

/* A packet is what one write of at most a page wrote (pipe(2), O_DIRECT); longer ones do not exist. */
static void write_packets(struct stub_state *state, const struct image_file_op *op, int writer, uint64_t packets)
{
    uint64_t offset = op->values[1] + packets * sizeof(uint32_t);
    uint64_t left = op->values[2] - packets * sizeof(uint32_t);

    for (uint64_t i = 0; i < packets; i++) {
        uint32_t length;

        image_read(state, &length, sizeof(length), op->values[1] + i * sizeof(length));
        if (length > STUB_PAGE || length > left)
            file_fail(state, op, "putting back the packets in a pipe", -ABI_EINVAL);
        write_chunk(state, op, writer, length, offset);
        offset += length;
        left -= length;
    }
}

void file_write_pipe_data(struct stub_state *state, const struct image_file_op *op)
{
    int64_t flags = sys_fcntl(op->fd, ABI_F_GETFL, 0);

    if (is_error(flags))
        file_fail(state, op, "putting back the bytes in a pipe", flags);
    sys_fcntl(op->fd, ABI_F_SETFL,
              ((uint64_t)flags & ~(uint64_t)ABI_O_DIRECT) | ABI_O_NONBLOCK | (op->values[0] > 0 ? ABI_O_DIRECT : 0));
    if (op->values[0] > 0)
        write_packets(state, op, op->fd, op->values[0]);
    else
        file_write_stream(state, op, op->fd, op->values[2], op->values[1]);
    sys_fcntl(op->fd, ABI_F_SETFL, (uint64_t)flags);
}

static int out_of_the_way(struct stub_state *state, const struct image_file_op *op, int end, int wanted)
{
    int64_t copy;

    if (end != wanted)
        return end;
    copy = image_duplicate_aside(state, end);
    if (is_error(copy))
        file_fail(state, op, "finding a descriptor for the other end", copy);
    sys_close(end);
    return (int)copy;
}

/* Puts both ends, of a pipe or a pair of sockets, at their numbers: op->fd and values[0]; -1 is a closed end. Each number may be
 * taken by the other end: then that gets one that neither wants. */
void file_place_ends(struct stub_state *state, const struct image_file_op *op, int first, int second)
{
    struct image_file_op second_op = *op;

    second_op.fd = (int32_t)op->values[0];
    second_op.close_on_exec = 0; /* PIPE_WRITER or SOCKET_END says */
    second = out_of_the_way(state, op, second, op->fd);
    first = out_of_the_way(state, op, first, second_op.fd);
    if (op->fd == -1)
        sys_close(first);
    else
        file_place(state, op, first);
    if (second_op.fd == -1)
        sys_close(second);
    else
        file_place(state, &second_op, second);
}

void file_make_pipe(struct stub_state *state, const struct image_file_op *op)
{
    int ends[2];
    int64_t result = sys_pipe(ends, ABI_O_CLOEXEC | ABI_O_NONBLOCK);

    if (is_error(result))
        file_fail(state, op, "making a pipe", result);
    if (op->values[3] != 0) /* more than an ordinary user may have: a detail lost, unless the bytes do not fit */
        sys_fcntl(ends[1], ABI_F_SETPIPE_SZ, op->values[3]);
    if (op->fd != -1 && op->offset > 0) {
        sys_fcntl(ends[1], ABI_F_SETFL, ABI_O_NONBLOCK | ABI_O_DIRECT);
        write_packets(state, op, ends[1], op->offset);
    } else if (op->fd != -1) {
        file_write_stream(state, op, ends[1], op->values[2], op->values[1]);
    }
    sys_fcntl(ends[0], ABI_F_SETFL, op->open_flags & STATUS_FLAGS);
    sys_fcntl(ends[1], ABI_F_SETFL, 0);
    file_place_ends(state, op, ends[0], ends[1]);
}

void file_set_pipe_writer(struct stub_state *state, const struct image_file_op *op)
{
    int64_t result = sys_fcntl(op->fd, ABI_F_SETFL, op->open_flags & STATUS_FLAGS);

    if (is_error(result))
        file_fail(state, op, "setting up the writing end of a pipe", result);
    sys_fcntl(op->fd, ABI_F_SETFD, op->close_on_exec ? ABI_FD_CLOEXEC : 0);
}

/* ---- event counters ---- */

void file_make_eventfd(struct stub_state *state, const struct image_file_op *op)
{
    uint64_t count = op->values[0];
    uint32_t flags = op->values[1] == 1 ? ABI_EFD_SEMAPHORE : 0;
    int64_t result, fd = sys_eventfd(flags | (op->open_flags & ABI_O_NONBLOCK) | ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making an eventfd", fd);
    if (count > 0 && count < UINT64_MAX) { /* written, since eventfd2 takes 32 bits only */
        result = sys_write((int)fd, &count, sizeof(count));
        if (is_error(result))
            file_fail(state, op, "setting the count of an eventfd", result);
    }
    file_place(state, op, fd);
}

/* ---- timers ---- */

/* The clocks that wake a machine tell the time only where there is a device for that. */
static int64_t read_clock(uint64_t clock, struct abi_timespec *ret_now)
{
    if (clock == ABI_CLOCK_REALTIME_ALARM)
        clock = ABI_CLOCK_REALTIME;
    if (clock == ABI_CLOCK_BOOTTIME_ALARM)
        clock = ABI_CLOCK_BOOTTIME;
    return sys_clock_gettime(clock, ret_now);
}

/*
 * The time that remained is what remains now. A timer that was set to an absolute time is set to one again, now plus
 * what remained, so that the flags (cancel on clock change) keep their meaning.
 */
static void arm_timer(struct stub_state *state, const struct image_file_op *op, int fd)
{
    struct abi_itimerspec value = {.interval = to_timespec(op->values[3]), .value = to_timespec(op->values[2])};
    uint32_t flags = (uint32_t)op->values[1];
    int64_t result;

    if (op->values[2] != 0 && (flags & ABI_TFD_TIMER_ABSTIME) != 0) {
        struct abi_timespec now;

        result = read_clock(op->values[0], &now);
        if (is_error(result))
            file_fail(state, op, "reading the clock of a timerfd", result);
        value.value.seconds += now.seconds;
        value.value.nanoseconds += now.nanoseconds;
        if (value.value.nanoseconds >= (int64_t)NANOSECONDS) {
            value.value.nanoseconds -= (int64_t)NANOSECONDS;
            value.value.seconds++;
        }
    }
    result = sys_timerfd_settime(fd, op->values[2] == 0 ? 0 : flags, &value);
    if (is_error(result))
        file_fail(state, op, "starting a timerfd", result);
}

/* Expirations that were not read yet: exact where the kernel has CONFIG_CHECKPOINT_RESTORE; elsewhere the timer
 * expires once at once, so that a waiting reader wakes, and goes on with its interval from there. */
static void set_expirations(struct stub_state *state, const struct image_file_op *op, int fd)
{
    struct abi_itimerspec at_once = {.interval = to_timespec(op->values[3]), .value = {.nanoseconds = 1}};
    uint64_t count = op->offset;

    if (count == 0 || !is_error(sys_ioctl(fd, ABI_TFD_IOC_SET_TICKS, &count)))
        return;
    if (is_error(sys_timerfd_settime(fd, 0, &at_once)))
        file_fail(state, op, "starting a timerfd", -ABI_EINVAL);
}

/* What a moment that has passed by now has let expire, and the interval since; the interrupt may take a while to come. */
static uint64_t take_expirations(int fd, const struct image_file_op *op)
{
    struct abi_timespec now = {.seconds = 0};
    uint64_t expired = 0;

    if (is_error(read_clock(op->values[0], &now)) ||
        (uint64_t)now.seconds * NANOSECONDS + (uint64_t)now.nanoseconds < op->values[2])
        return 0;
    for (uint32_t look = 0; look < EXPIRATION_LOOKS; look++) {
        if (sys_read(fd, &expired, sizeof(expired)) == sizeof(expired))
            return expired;
    }
    return 0;
}

/* Set to a moment of the wall clock, which stays that moment. */
void file_make_timerfd_at(struct stub_state *state, const struct image_file_op *op)
{
    const struct abi_itimerspec value = {.interval = to_timespec(op->values[3]), .value = to_timespec(op->values[2])};
    struct image_file_op unread = *op;
    int64_t result, fd = sys_timerfd_create(op->values[0], ABI_O_NONBLOCK | ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making a timerfd", fd);
    result = sys_timerfd_settime((int)fd, (uint32_t)op->values[1], &value);
    if (is_error(result))
        file_fail(state, op, "starting a timerfd", result);
    if (op->offset != 0) {
        unread.offset += take_expirations((int)fd, op);
        set_expirations(state, &unread, (int)fd);
    }
    sys_fcntl((int)fd, ABI_F_SETFL, op->open_flags & ABI_O_NONBLOCK);
    file_place(state, op, fd);
}

void file_make_timerfd(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_timerfd_create(op->values[0], (op->open_flags & ABI_O_NONBLOCK) | ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making a timerfd", fd);
    arm_timer(state, op, (int)fd);
    set_expirations(state, op, (int)fd);
    file_place(state, op, fd);
}
