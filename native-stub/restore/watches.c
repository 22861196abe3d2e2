// SPDX-License-Identifier: Apache-2.0
/*
 * inotify. The kernel numbers the watches of an instance from one on, so it is led on by watches that are removed again.
 * That leaves events, which are thrown away; so that none of the program's is among them, its watches report nothing that
 * happens to files which are still there, until all have their numbers.
 */
#include "restore/stub.h"

#define SILENT ((uint32_t)(ABI_IN_DELETE_SELF | ABI_IN_DONT_FOLLOW))
#define REMOVALS_BETWEEN_READS 1000 /* fs.inotify.max_queued_events is never that small in earnest */

void file_make_inotify(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = sys_inotify_init((op->open_flags & ABI_O_NONBLOCK) | ABI_O_CLOEXEC);

    if (is_error(fd))
        file_fail(state, op, "making an inotify instance", fd);
    file_place(state, op, fd);
}

static void drop_events(struct stub_state *state, int fd)
{
    int32_t waiting = 0;

    while (!is_error(sys_ioctl(fd, ABI_FIONREAD, &waiting)) && waiting > 0) {
        if (is_error(sys_read(fd, state->buffer, STUB_BUFFER_BYTES)))
            return;
    }
}

static _Noreturn void watch_fail(struct stub_state *state, const struct image_file_op *op, int64_t error)
{
    stub_fail(state, "watching %s: %e; the program watched it by the inotify instance at descriptor %d",
              plan_string(state->plan, op->path), error, (int64_t)op->fd);
}

void file_add_watch(struct stub_state *state, const struct image_file_op *op)
{
    const char *path = plan_string(state->plan, op->path);
    uint32_t removed = 0;
    int64_t number;

    for (;;) {
        number = sys_inotify_add_watch(op->fd, path, SILENT);
        if (is_error(number))
            watch_fail(state, op, number);
        if ((uint64_t)number >= op->values[0])
            break;
        sys_inotify_rm_watch(op->fd, (int)number);
        if (++removed % REMOVALS_BETWEEN_READS == 0)
            drop_events(state, op->fd);
    }
    if ((uint64_t)number != op->values[0]) /* what two paths led to at the capture is one by now */
        watch_fail(state, op, -ABI_EEXIST);
    drop_events(state, op->fd);
}

void file_set_watch(struct stub_state *state, const struct image_file_op *op)
{
    int64_t number = sys_inotify_add_watch(op->fd, plan_string(state->plan, op->path),
                                           (uint32_t)op->values[1] | ABI_IN_DONT_FOLLOW);

    if (is_error(number))
        watch_fail(state, op, number);
    if ((uint64_t)number != op->values[0]) /* the file was replaced just now */
        watch_fail(state, op, -ABI_ENOENT);
}
