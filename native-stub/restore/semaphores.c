// SPDX-License-Identifier: Apache-2.0
/*
 * System V semaphores that the program had taken with SEM_UNDO: its end has given them back, so they are taken again.
 *
 * Only those of the same set. The kernel keeps no time of making: sem_ctime is that, but semctl(2) SETVAL, SETALL and IPC_SET
 * change it, too. So a set with the sem_ctime of the capture is the same. One with another was either changed or made anew, and
 * then the number decides: the kernel counts numbers on (ipc/util.c, ipc_idr_alloc), so none comes back before some four million
 * other sets. That holds for one IPC namespace and one run of the machine. The first namespace of a run has a fixed inode; others
 * may have one that an earlier namespace had, whose numbers began at the same 0, so there a changed set counts as another.
 */
#include "restore/stub.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_BYTES 36
#define OWN_IPC_NAMESPACE "/proc/self/ns/ipc"
#define FIRST_IPC_NAMESPACE 0xEFFFFFFFu /* PROC_IPC_INIT_INO, include/linux/proc_ns.h */

/* Where the launch is; empty and 0 without /proc. */
struct place {
    char boot[BOOT_ID_BYTES + 1];
    uint32_t ipc_namespace;
};

static struct place find_place(void)
{
    struct place place = {.ipc_namespace = 0};
    struct abi_stat stat;
    int64_t boot = sys_open(BOOT_ID, ABI_O_RDONLY | ABI_O_CLOEXEC);
    int64_t namespace = sys_open(OWN_IPC_NAMESPACE, ABI_O_RDONLY | ABI_O_CLOEXEC);

    if (!is_error(boot)) {
        if (sys_read((int)boot, place.boot, BOOT_ID_BYTES) != BOOT_ID_BYTES)
            place.boot[0] = '\0';
        sys_close((int)boot);
    }
    if (!is_error(namespace)) {
        if (!is_error(sys_fstat((int)namespace, &stat)))
            place.ipc_namespace = (uint32_t)stat.inode;
        sys_close((int)namespace);
    }
    return place;
}

static _Noreturn void give_up(struct stub_state *state, const struct image_file_op *op, const char *what)
{
    stub_fail(state, "taking semaphore %u of System V set %d (key %x) again: %s; the program had changed it by %d with SEM_UNDO",
              op->offset, (int64_t)(int32_t)op->values[0], op->values[0] >> 32, what, -(int64_t)(int32_t)op->values[1]);
}

static _Noreturn void fail(struct stub_state *state, const struct image_file_op *op, const char *doing, int64_t error)
{
    stub_fail(state, "%s semaphore %u of System V set %d (key %x): %e; the program had changed it by %d with SEM_UNDO", doing,
              op->offset, (int64_t)(int32_t)op->values[0], op->values[0] >> 32, error, -(int64_t)(int32_t)op->values[1]);
}

static void check_identity(struct stub_state *state, const struct image_file_op *op, const struct abi_semid *set,
                           const struct place *place)
{
    const char *boot = op->path == 0 ? "" : plan_string(state->plan, op->path);
    bool boot_known = boot[0] != '\0' && place->boot[0] != '\0';
    bool namespace_known = op->open_flags != 0 && place->ipc_namespace != 0;

    if (set->permissions.key != (int32_t)(op->values[0] >> 32) || set->count != (uint32_t)op->values[2] ||
        set->permissions.creator_uid != (uint32_t)(op->values[2] >> 32))
        give_up(state, op, "it is another set by now");
    if (boot_known && !text_equal(boot, place->boot))
        give_up(state, op, "it is another set by now, since the machine was started again or is another one");
    if (namespace_known && op->open_flags != place->ipc_namespace)
        give_up(state, op, "it is another set, in another IPC namespace");
    if (set->changed == (int64_t)op->values[3])
        return;
    if (!boot_known || !namespace_known || place->ipc_namespace != FIRST_IPC_NAMESPACE)
        give_up(state, op, "it was changed by semctl (SETVAL, SETALL, IPC_SET) or made anew after the capture, and here nobody can "
                "tell which");
}

static void take(struct stub_state *state, const struct image_file_op *op, const struct place *place)
{
    struct abi_semid set = {.count = 0};
    struct abi_sembuf change = {.number = (uint16_t)op->offset, .operation = (int16_t)-(int32_t)op->values[1],
                                .flags = ABI_SEM_UNDO | ABI_IPC_NOWAIT};
    int64_t result = sys_semctl_stat((int)op->values[0], &set);

    if (result == -ABI_EINVAL || result == -ABI_EIDRM || (!is_error(result) && result != (int32_t)op->values[0]))
        give_up(state, op, "the set is gone");
    if (is_error(result))
        fail(state, op, "looking at", result);
    check_identity(state, op, &set, place);
    result = 0;
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
        fail(state, op, "taking again", result);
}

void semaphores_take(struct stub_state *state)
{
    struct place place = {.ipc_namespace = 0};
    bool found = false;

    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if (op->kind != IMAGE_FILE_SEMAPHORE)
            continue;
        if (!found)
            place = find_place();
        found = true;
        take(state, op, &place);
    }
}
