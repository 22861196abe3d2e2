// SPDX-License-Identifier: Apache-2.0
/* Locks that the program held on files. Whoever holds one in the way keeps it: the launch gives up. */
#include "restore/stub.h"

static int64_t take(const struct image_file_op *op)
{
    const struct abi_flock lock = {.type = op->values[1] != 0 ? ABI_F_WRLCK : ABI_F_RDLCK, .whence = ABI_SEEK_SET,
                                   .start = (int64_t)op->values[2], .length = (int64_t)op->values[3]};

    if (op->values[0] == IMAGE_LOCK_FLOCK)
        return sys_flock(op->fd, (op->values[1] != 0 ? ABI_LOCK_EX : ABI_LOCK_SH) | ABI_LOCK_NB);
    return sys_lock(op->fd, op->values[0] == IMAGE_LOCK_PROCESS ? ABI_F_SETLK : ABI_F_OFD_SETLK, &lock);
}

void file_locks_take(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        int64_t result = op->kind == IMAGE_FILE_LOCK ? take(op) : 0;
        const char *path = op->path == 0 ? "a file" : plan_string(state->plan, op->path);

        if (result == -ABI_EAGAIN || result == -ABI_EACCES)
            stub_fail(state, "locking %s: another process holds a lock on it; the program had locked it by descriptor %d", path,
                      (int64_t)op->fd);
        if (is_error(result))
            stub_fail(state, "locking %s: %e; the program had locked it by descriptor %d", path, result, (int64_t)op->fd);
    }
}
