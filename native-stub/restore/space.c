// SPDX-License-Identifier: Apache-2.0
/*
 * Clears the address space: of what the launch brought along, its arguments and environment and the kernel's vdso stay.
 *
 * Method for the vdso. It stays where the kernel put it, and its surroundings are cleared, unless the program's memory
 * belongs there; then it is moved into the slot. How many pages it has, with [vvar] and [vvar_vclock] directly below,
 * mincore tells without /proc. Where one mapping ends and the next begins is found by trying, since the kernel does not
 * split a special mapping (special_mapping_split, EINVAL since 5.11): a move of too few pages fails and changes nothing,
 * the first that succeeds has the mapping's size. Older kernels do split; as the pages keep their distances here,
 * moving page by page has the same effect. Since 6.17 all of them move at once.
 */
#include "restore/stub.h"

#define PARKED_VDSO (IMAGE_PARK_VDSO + UINT64_C(0x100000)) /* room below for [vvar] */
#define PARKED_STACK_LIMIT (IMAGE_SLOT_SIZE - IMAGE_PARK_STACK)
#define SPECIAL_BYTES_LIMIT (64 * STUB_PAGE)

/* ---- arguments and environment ---- */

static void move_strings(struct stub_launch *launch, uint64_t distance)
{
    launch->arg_start += distance;
    launch->arg_end += distance;
    launch->env_start += distance;
    launch->env_end += distance;
}

static bool copy_strings(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;

    if (launch->env_end < launch->arg_start || launch->env_end - launch->arg_start > sizeof(state->buffer))
        return false;
    memcpy(state->buffer, (const void *)launch->arg_start, launch->env_end - launch->arg_start);
    move_strings(launch, STUB_ADDRESS(state->buffer) - launch->arg_start);
    return true;
}

static bool move_stack(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;
    uint64_t length = launch->stack_end - launch->stack_bottom;
    uint64_t to = state->slot + IMAGE_PARK_STACK;
    bool known = launch->stack_end > launch->stack_bottom && launch->stack_end % STUB_PAGE == 0;

    if (!known || length > PARKED_STACK_LIMIT || is_error(sys_move(launch->stack_bottom, length, to)))
        return false;
    move_strings(launch, to - launch->stack_bottom);
    return true;
}

/* For /proc/self/cmdline and environ. The buffer has done its other duties by now; what does not fit into it moves with
 * the launch's stack. Where that cannot be done they are empty: a detail lost,
 * unless the program asks for them. */
void space_keep_launch(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;

    launch->file_name = NULL; /* was needed for opening only */
    if (copy_strings(state) || move_stack(state))
        return;
    launch->arg_start = launch->arg_end = launch->env_start = launch->env_end = 0;
    launch->strings_lost = true;
}

/* ---- vdso ---- */

static bool is_mapped(uint64_t address)
{
    uint8_t page;

    return !is_error(sys_mincore(address, STUB_PAGE, &page));
}

/* A kernel may place the launch's stack directly below; that is none of the vdso's. */
static void measure_vdso(struct stub_state *state)
{
    struct stub_vdso *vdso = &state->vdso;

    while (vdso->size < SPECIAL_BYTES_LIMIT && is_mapped(vdso->address + vdso->size))
        vdso->size += STUB_PAGE;
    while (vdso->below < SPECIAL_BYTES_LIMIT && vdso->address - vdso->below != state->launch.stack_end &&
           is_mapped(vdso->address - vdso->below - STUB_PAGE))
        vdso->below += STUB_PAGE;
}

/* Moves the mapping that starts or, with at_end, ends at `edge`. Returns its bytes or -errno. */
static int64_t move_one(uint64_t edge, bool at_end, uint64_t distance)
{
    int64_t result = -ABI_EINVAL;

    for (uint64_t size = STUB_PAGE; size <= SPECIAL_BYTES_LIMIT && result == -ABI_EINVAL; size += STUB_PAGE) {
        uint64_t start = at_end ? edge - size : edge;

        result = sys_move(start, size, start + distance);
        if (!is_error(result))
            return (int64_t)size;
    }
    return result;
}

static int move_each(const struct stub_vdso *vdso, uint64_t distance)
{
    int64_t moved;

    for (uint64_t done = 0; done < vdso->size; done += (uint64_t)moved) {
        moved = move_one(vdso->address + done, false, distance);
        if (is_error(moved))
            return (int)moved;
    }
    for (uint64_t done = 0; done < vdso->below; done += (uint64_t)moved) {
        moved = move_one(vdso->address - done, true, distance);
        if (is_error(moved))
            return (int)moved;
    }
    return 0;
}

/* Moves the vdso with what is below it, to an address where all of it has room. Returns 0 or -errno; -EPERM: it is sealed
 * and has not moved (CONFIG_MSEAL_SYSTEM_MAPPINGS seals all or none). */
int space_move_vdso(struct stub_state *state, uint64_t to)
{
    struct stub_vdso *vdso = &state->vdso;
    int64_t result = sys_move(vdso->address - vdso->below, vdso->below + vdso->size, to - vdso->below);

    if (is_error(result) && result != -ABI_EPERM)
        result = move_each(vdso, to - vdso->address);
    if (is_error(result))
        return (int)result;
    vdso->address = to;
    return 0;
}

static bool is_in_the_way(const struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct stub_vdso *vdso = &state->vdso;
    uint64_t start = vdso->address - vdso->below;
    uint64_t length = vdso->below + vdso->size;

    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        if (memory_op_maps(op->kind) && ranges_overlap(op->address, op->length, start, length))
            return true;
    }
    if (ranges_overlap(state->slot, IMAGE_SLOT_SIZE, start, length))
        return true;
    if (plan->vdso_address == 0 || (vdso->address == plan->vdso_address && vdso_is_the_same(state)))
        return false;
    /* Where it goes in the end it must not be in part already; [vvar] comes to lie below. */
    return plan->vdso_address < vdso->below ||
           ranges_overlap(plan->vdso_address - vdso->below, vdso->below + plan->vdso_size, start, length);
}

void space_keep_vdso(struct stub_state *state)
{
    int result;

    state->vdso.address = state->launch.vdso;
    if (state->vdso.address == 0)
        return;
    measure_vdso(state);
    if (!is_in_the_way(state))
        return;
    result = space_move_vdso(state, state->slot + PARKED_VDSO);
    if (result == -ABI_EPERM)
        stub_fail(state, "this kernel has sealed its vdso at %x, where the program's memory belongs; its place is chosen "
                  "anew at each launch, so launch again", state->vdso.address);
    if (result < 0)
        stub_fail(state, "moving the vdso at %x aside: %e", state->vdso.address, (int64_t)result);
}

/* ---- the rest ---- */

static void unmap(struct stub_state *state, uint64_t start, uint64_t end)
{
    int64_t result;

    if (start >= end)
        return;
    result = sys_munmap(start, end - start);
    if (is_error(result))
        stub_fail(state, "clearing the address space from %x to %x: %e", start, end, result);
}

/* Everything outside the slot, apart from the vdso. */
void space_clear(struct stub_state *state)
{
    uint64_t vdso_start = state->vdso.address - state->vdso.below;
    uint64_t vdso_end = state->vdso.address + state->vdso.size;
    uint64_t behind_slot = state->slot + IMAGE_SLOT_SIZE;

    if (vdso_start < state->slot) { /* no kernel places it there of itself */
        unmap(state, 0, vdso_start);
        unmap(state, vdso_end, state->slot);
    } else {
        unmap(state, 0, state->slot);
    }
    if (vdso_start < behind_slot) {
        unmap(state, behind_slot, IMAGE_ADDRESS_LIMIT);
        return;
    }
    unmap(state, behind_slot, vdso_start);
    unmap(state, vdso_end, IMAGE_ADDRESS_LIMIT);
}
