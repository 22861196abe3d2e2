// SPDX-License-Identifier: Apache-2.0
/* Who gets the signals of a descriptor (F_SETOWN_EX, F_SETSIG, O_ASYNC). */
#include "restore/stub.h"

static int64_t set_owner(const struct stub_state *state, const struct image_file_op *op)
{
    struct abi_owner owner = {.type = (int32_t)op->values[0], .pid = (int32_t)state->pid};

    if (op->values[0] == IMAGE_OWNER_NOBODY)
        return 0;
    if (op->values[0] == IMAGE_OWNER_THREAD)
        owner.pid = (int32_t)state->tids[op->values[1]];
    if (op->values[0] == IMAGE_OWNER_GROUP)
        owner.pid = (int32_t)sys_getpgrp();
    return sys_fcntl(op->fd, ABI_F_SETOWN_EX, STUB_ADDRESS(&owner));
}

static int64_t set_signals(const struct stub_state *state, const struct image_file_op *op)
{
    int64_t result = set_owner(state, op);

    if (!is_error(result) && op->values[2] != 0)
        result = sys_fcntl(op->fd, ABI_F_SETSIG, op->values[2]);
    if (!is_error(result) && (op->open_flags & ABI_O_ASYNC) != 0)
        result = sys_fcntl(op->fd, ABI_F_SETFL, (uint64_t)sys_fcntl(op->fd, ABI_F_GETFL, 0) | ABI_O_ASYNC);
    return result;
}

void file_owners_set(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        int64_t result = op->kind == IMAGE_FILE_OWNER ? set_signals(state, op) : 0;

        if (is_error(result) && result != -ABI_EBADF) /* the launch may have closed what was its own */
            file_fail(state, op, "asking for the signals of a descriptor", result);
    }
}
