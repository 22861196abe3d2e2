// SPDX-License-Identifier: Apache-2.0
/*
 * System V shared memory. A segment that is still the one that the program had is attached again. One that is gone is made
 * again under its key and id where the kernel lets this launch choose the id. One that lived by its attachments only is
 * always made: nobody else had it.
 *
 * A segment that nobody has attached would not survive being marked for destruction, and clearing the address space detaches
 * it. So a page of it is kept attached inside the slot until its memory is back. It is marked as soon as it exists: whatever
 * happens then, it does not outlive this process.
 */
#include "restore/stub.h"

#define KEPT_PAGES UINT64_C(0x2f000000) /* offset in the slot, behind the vdso's place and before the stack's */
#define NEXT_ID "/proc/sys/kernel/shm_next_id"
#define OWNER_ACCESS 0600u

static uint64_t aside_number(const struct image_file_op *op)
{
    return (uint64_t)(IMAGE_ASIDE_FIRST - (int64_t)op->fd);
}

static int32_t id_of(const struct image_file_op *op)
{
    return (int32_t)op->values[0];
}

static int32_t key_of(const struct image_file_op *op)
{
    return (int32_t)(op->values[0] >> 32);
}

static _Noreturn void fail(struct stub_state *state, const struct image_file_op *op, const char *doing, int64_t error)
{
    stub_fail(state, "%s %s: %e; the program has it attached", doing, plan_string(state->plan, op->path), error);
}

static uint64_t pages(uint64_t bytes)
{
    return (bytes + STUB_PAGE - 1) & ~(STUB_PAGE - 1);
}

/* ---- making one ---- */

static bool choose_id(int32_t id)
{
    struct stub_line text = {.length = 0};
    int64_t fd = sys_open(NEXT_ID, ABI_O_WRONLY | ABI_O_CLOEXEC);
    int64_t written;

    if (is_error(fd))
        return false;
    line_append(&text, "%d", (int64_t)id);
    written = sys_write((int)fd, text.bytes, text.length);
    sys_close((int)fd);
    return written == (int64_t)text.length;
}

/* Attached to be filled; nothing of this is there any more when the address space has been cleared. */
static void attach_for_filling(struct stub_state *state, const struct image_file_op *op, int64_t id)
{
    int64_t address = sys_shmat((int)id, 0, 0);

    if (is_error(address)) {
        sys_shmctl((int)id, ABI_IPC_RMID, NULL);
        fail(state, op, "attaching", address);
    }
    state->filling = (struct stub_filling){.address = (uint64_t)address, .size = pages(op->values[1]), .aside = op->fd};
}

/* Its own: marked to be destroyed with the last attachment, of which one stays. */
static void make_private(struct stub_state *state, const struct image_file_op *op)
{
    uint64_t size = pages(op->values[1]);
    bool chosen = choose_id(id_of(op));
    int64_t kept, moved = 0;
    int64_t id = sys_shmget(0, op->values[1], ABI_IPC_CREAT | OWNER_ACCESS | (op->open_flags & IMAGE_SEGMENT_PERMISSIONS));

    if (is_error(id) && chosen)
        choose_id(-1);
    if (is_error(id))
        fail(state, op, "making", id);
    attach_for_filling(state, op, id);
    sys_shmctl((int)id, ABI_IPC_RMID, NULL);
    kept = sys_shmat((int)id, 0, 0);
    if (!is_error(kept))
        moved = sys_move((uint64_t)kept, STUB_PAGE, state->slot + KEPT_PAGES + aside_number(op) * STUB_PAGE);
    if (is_error(kept) || is_error(moved))
        fail(state, op, "attaching", is_error(kept) ? kept : moved);
    if (size > STUB_PAGE)
        sys_munmap((uint64_t)kept + STUB_PAGE, size - STUB_PAGE);
    state->aside[aside_number(op)] = (int32_t)id;
}

/* Under its key and id. Returns 0, or -errno with nothing left behind. */
static int64_t make_again(struct stub_state *state, const struct image_file_op *op)
{
    uint32_t flags = ABI_IPC_CREAT | ABI_IPC_EXCL | (op->open_flags & IMAGE_SEGMENT_PERMISSIONS);
    struct abi_shmid status;
    bool chosen = choose_id(id_of(op));
    int64_t id = sys_shmget((uint32_t)key_of(op), op->values[1], flags);

    if (is_error(id)) {
        if (chosen)
            choose_id(-1);
        return id;
    }
    if (id != id_of(op)) {
        sys_shmctl((int)id, ABI_IPC_RMID, NULL);
        return chosen ? -ABI_EEXIST : -ABI_EPERM;
    }
    state->aside[aside_number(op)] = (int32_t)id; /* before it is one to be taken back */
    state->made[aside_number(op) / 64] |= UINT64_C(1) << aside_number(op) % 64;
    if (!is_error(sys_shmctl((int)id, ABI_IPC_STAT, &status))) {
        status.permissions.uid = (uint32_t)op->offset;
        status.permissions.gid = (uint32_t)(op->offset >> 32);
        sys_shmctl((int)id, ABI_IPC_SET, &status); /* another user may have made it: a detail lost */
    }
    attach_for_filling(state, op, id);
    return 0;
}

/* ---- finding it ---- */

static bool is_the_same(const struct image_file_op *op, const struct abi_shmid *status)
{
    return status->permissions.key == key_of(op) && status->size == op->values[1] && status->changed == (int64_t)op->values[2] &&
           status->permissions.creator_uid == (uint32_t)op->values[3] &&
           status->permissions.creator_gid == (uint32_t)(op->values[3] >> 32);
}

static _Noreturn void give_up(struct stub_state *state, const struct image_file_op *op, int64_t status, int64_t making)
{
    const char *name = plan_string(state->plan, op->path);
    const char *advice = "the program has it attached (undump --allow mapped-copy lets a launch go on with a copy of it)";

    if (!is_error(status))
        stub_fail(state, "%s is another one by now, made or changed after the capture; %s", name, advice);
    if (making == -ABI_EPERM)
        stub_fail(state, "%s is gone, and only root may make it again under its id; %s", name, advice);
    stub_fail(state, "%s is gone, and making it again: %e; %s", name, making, advice);
}

/* An id that is not used: EINVAL, or EIDRM when it was. */
static bool says_gone(int64_t result)
{
    return result == -ABI_EINVAL || result == -ABI_EIDRM;
}

void segment_find(struct stub_state *state, const struct image_file_op *op)
{
    struct abi_shmid status = {.size = 0};
    int64_t found, making = 0;

    if ((op->open_flags & IMAGE_SEGMENT_DESTROYED) != 0) {
        make_private(state, op);
        return;
    }
    found = sys_shmctl(id_of(op), ABI_IPC_STAT, &status);
    if (found == 0 && is_the_same(op, &status)) {
        state->aside[aside_number(op)] = id_of(op);
        return;
    }
    if (says_gone(found))
        making = make_again(state, op);
    else if (is_error(found) && (op->open_flags & IMAGE_SEGMENT_COPY) == 0)
        fail(state, op, "looking at", found);
    if (says_gone(found) && making == 0)
        return;
    if ((op->open_flags & IMAGE_SEGMENT_COPY) == 0)
        give_up(state, op, found, making);
    stub_warn(state, "%s is gone or another one by now; the program goes on with a copy of it, which has another id and is "
              "shared with nobody", plan_string(state->plan, op->path));
    make_private(state, op);
}

void segment_fill(struct stub_state *state, const struct image_file_op *op)
{
    const struct stub_filling *filling = &state->filling;

    if (filling->aside != op->fd)
        return; /* it is the one that was there */
    if (op->values[0] > filling->size || op->values[2] > filling->size - op->values[0])
        stub_fail(state, "the image is damaged: bytes of System V shared memory lie behind its end");
    image_read(state, (void *)(filling->address + op->values[0]), op->values[2], op->values[1]);
}

/* ---- memory ---- */

/* A part of it: the kernel attaches all of it or nothing. What is attached in the way of the part is attached elsewhere. */
static int64_t attach_part(const struct image_memory_op *op, int id, uint64_t size, uint32_t flags)
{
    int64_t first = sys_shmat(id, 0, flags), address = first, result;

    if (is_error(first))
        return first;
    if (ranges_overlap((uint64_t)first, size, op->address, op->length)) {
        address = sys_shmat(id, 0, flags);
        sys_munmap((uint64_t)first, size);
        if (is_error(address))
            return address;
    }
    result = sys_move((uint64_t)address + op->offset, op->length, op->address);
    if (op->offset > 0)
        sys_munmap((uint64_t)address, op->offset);
    if (op->offset + op->length < size)
        sys_munmap((uint64_t)address + op->offset + op->length, size - op->offset - op->length);
    return result;
}

int64_t segment_attach(struct stub_state *state, const struct image_memory_op *op)
{
    int id = state->aside[op->argument];
    uint32_t flags = (op->flags & IMAGE_SEGMENT_READ_ONLY) != 0 ? ABI_SHM_RDONLY : 0;
    struct abi_shmid status = {.size = 0};
    int64_t result = sys_shmctl(id, ABI_IPC_STAT, &status);
    uint64_t size = pages(status.size);

    if (is_error(result))
        return result;
    if (op->offset > size || op->length > size - op->offset)
        return -ABI_EINVAL;
    if (op->length == size)
        return sys_shmat(id, op->address, flags | ABI_SHM_REMAP);
    return attach_part(op, id, size, flags);
}

/* When memory is back. */
void segments_finish(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if (op->kind == IMAGE_FILE_SEGMENT)
            sys_munmap(state->slot + KEPT_PAGES + aside_number(op) * STUB_PAGE, STUB_PAGE);
    }
}

/* A launch that fails takes back what it has made for all to see. */
void segments_take_back(struct stub_state *state)
{
    for (uint32_t number = 0; number < IMAGE_ASIDE_LIMIT; number++) {
        if ((state->made[number / 64] >> number % 64 & 1) != 0)
            sys_shmctl(state->aside[number], ABI_IPC_RMID, NULL);
    }
}

void segments_keep(struct stub_state *state)
{
    memset(state->made, 0, sizeof(state->made));
}
