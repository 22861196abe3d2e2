// SPDX-License-Identifier: Apache-2.0
/* System V semaphores that the program had taken with SEM_UNDO: its end has given them back, so they are taken again. */
#include "restore/stub.h"

static _Noreturn void give_up(struct stub_state *state, const struct image_file_op *op, const char *what)
{
    stub_fail(state, "taking semaphore %u of System V set %d (key %x) again: %s; the program had changed it by %d with SEM_UNDO",
              op->offset, (int64_t)(int32_t)op->values[0], op->values[0] >> 32, what, -(int64_t)(int32_t)op->values[1]);
}

static void take(struct stub_state *state, const struct image_file_op *op)
{
    struct abi_semid set = {.count = 0};
    struct abi_sembuf change = {.number = (uint16_t)op->offset, .operation = (int16_t)-(int32_t)op->values[1],
                                .flags = ABI_SEM_UNDO | ABI_IPC_NOWAIT};
    int64_t result = sys_semctl_stat((int)op->values[0], &set);

    if (result == -ABI_EINVAL || result == -ABI_EIDRM)
        give_up(state, op, "the set is gone");
    if (result == 0 && (set.permissions.key != (int32_t)(op->values[0] >> 32) || set.count != (uint32_t)op->values[2] ||
                        set.permissions.creator_uid != (uint32_t)(op->values[2] >> 32)))
        give_up(state, op, "it is another set by now");
    if ((int32_t)op->values[1] == INT16_MIN) { /* has no positive counterpart */
        change.operation = INT16_MAX;
        result = sys_semop((int)op->values[0], &change);
        change.operation = 1;
    }
    if (!is_error(result))
        result = sys_semop((int)op->values[0], &change);
    if (result == -ABI_EAGAIN)
        give_up(state, op, "another process has it");
    if (is_error(result))
        stub_fail(state, "taking semaphore %u of System V set %d (key %x) again: %e", op->offset,
                  (int64_t)(int32_t)op->values[0], op->values[0] >> 32, result);
}

void semaphores_take(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if (op->kind == IMAGE_FILE_SEMAPHORE)
            take(state, op);
    }
}
