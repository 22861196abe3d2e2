// SPDX-License-Identifier: Apache-2.0
/*
 * Clears the address space: what the launch brought along moves into the slot, everything else goes.
 *
 * The sizes of [vvar], [vvar_vclock] and [vdso] are nowhere to be read without /proc, so they are found by trying. The
 * kernel does not split a special mapping (special_mapping_split, EINVAL since 5.11): a move of too few pages fails
 * and changes nothing, the first that succeeds has the mapping's size. Older kernels do split; the pages keep their
 * distances to each other here, so that moving page by page has the same effect. Behind the last mapping the answer is
 * EFAULT. Since 6.17 one mremap may move several mappings, but the smallest length that succeeds is still one of them.
 */
#include "restore/stub.h"

#define PARKED_VDSO (IMAGE_PARK_VDSO + UINT64_C(0x100000)) /* room below for [vvar] */
#define PARKED_STACK_LIMIT (IMAGE_SLOT_SIZE - IMAGE_PARK_STACK)
#define SPECIAL_PAGES_LIMIT 64

/* Lets the arguments and environment of this launch live on for /proc/self/cmdline and environ. Where that cannot
 * be done they are empty: a detail lost. */
void space_park_launch(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;
    uint64_t length = launch->stack_end - launch->stack_bottom;
    uint64_t to = state->slot + IMAGE_PARK_STACK;
    bool known = launch->stack_end > launch->stack_bottom && launch->stack_end % STUB_PAGE == 0;

    launch->file_name = NULL; /* was needed for opening only */
    if (!known || length > PARKED_STACK_LIMIT || is_error(sys_move(launch->stack_bottom, length, to))) {
        launch->arg_start = launch->arg_end = launch->env_start = launch->env_end = 0;
        return;
    }
    launch->arg_start += to - launch->stack_bottom;
    launch->arg_end += to - launch->stack_bottom;
    launch->env_start += to - launch->stack_bottom;
    launch->env_end += to - launch->stack_bottom;
}

/* Moves the mapping that ends at `end` to the same distance from the parked vdso. Returns its bytes or -errno. */
static int64_t park_below(uint64_t end, uint64_t distance)
{
    int64_t result = -ABI_EINVAL;

    for (uint64_t size = STUB_PAGE; size <= SPECIAL_PAGES_LIMIT * STUB_PAGE && result == -ABI_EINVAL; size += STUB_PAGE) {
        result = sys_move(end - size, size, end - size + distance);
        if (!is_error(result))
            return (int64_t)size;
    }
    return result;
}

/* The same for the mapping that starts at `start`. */
static int64_t park_above(uint64_t start, uint64_t distance)
{
    int64_t result = -ABI_EINVAL;

    for (uint64_t size = STUB_PAGE; size <= SPECIAL_PAGES_LIMIT * STUB_PAGE && result == -ABI_EINVAL; size += STUB_PAGE) {
        result = sys_move(start, size, start + distance);
        if (!is_error(result))
            return (int64_t)size;
    }
    return result;
}

static bool is_mapped(uint64_t address)
{
    uint8_t page;

    return !is_error(sys_mincore(address, STUB_PAGE, &page));
}

/* CONFIG_MSEAL_SYSTEM_MAPPINGS: they stay, and so must all pages of theirs, whose extent mincore tells. */
static void measure_sealed(struct stub_state *state)
{
    struct stub_vdso *vdso = &state->vdso;

    vdso->sealed = true;
    while (vdso->size < SPECIAL_PAGES_LIMIT * STUB_PAGE && is_mapped(vdso->address + vdso->size))
        vdso->size += STUB_PAGE;
    while (vdso->below < SPECIAL_PAGES_LIMIT * STUB_PAGE && is_mapped(vdso->address - vdso->below - STUB_PAGE))
        vdso->below += STUB_PAGE;
}

static void refuse_overlap(struct stub_state *state, uint64_t address, uint64_t length)
{
    const struct stub_vdso *vdso = &state->vdso;

    if (ranges_overlap(address, length, vdso->address - vdso->below, vdso->below + vdso->size))
        stub_fail(state, "this kernel has sealed its vdso at %x, where the program's memory belongs; its place is chosen "
                  "anew at each launch, so launch again", vdso->address);
}

static void check_sealed_place(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        if (memory_op_maps(op->kind))
            refuse_overlap(state, op->address, op->length);
    }
    if (plan->vdso_address != 0)
        refuse_overlap(state, plan->vdso_address, plan->vdso_size);
    refuse_overlap(state, state->slot, IMAGE_SLOT_SIZE);
}

void space_park_vdso(struct stub_state *state)
{
    struct stub_vdso *vdso = &state->vdso;
    uint64_t from = state->launch.vdso;
    uint64_t distance = state->slot + PARKED_VDSO - from;
    int64_t size;

    if (from == 0)
        return;
    vdso->address = from;
    size = park_above(from, distance);
    if (size == -ABI_EPERM) {
        measure_sealed(state);
        check_sealed_place(state);
        return;
    }
    if (is_error(size))
        stub_fail(state, "moving the vdso at %x aside: %e", from, size);
    vdso->address = from + distance;
    vdso->size = (uint64_t)size;
    while (vdso->piece_count < STUB_VVAR_PIECES) {
        size = park_below(from - vdso->below, distance);
        if (is_error(size))
            break;
        vdso->pieces[vdso->piece_count++] = (uint64_t)size;
        vdso->below += (uint64_t)size;
    }
}

static void unmap(struct stub_state *state, uint64_t start, uint64_t end)
{
    int64_t result;

    if (start >= end)
        return;
    result = sys_munmap(start, end - start);
    if (is_error(result))
        stub_fail(state, "clearing the address space from %x to %x: %e", start, end, result);
}

void space_clear(struct stub_state *state)
{
    const struct stub_vdso *vdso = &state->vdso;
    uint64_t behind_slot = state->slot + IMAGE_SLOT_SIZE;

    if (!vdso->sealed) {
        unmap(state, 0, state->slot);
        unmap(state, behind_slot, IMAGE_ADDRESS_LIMIT);
        return;
    }
    /* The kernel places mappings of its own above IMAGE_SLOT_LIMIT, so the sealed ones are not in front. */
    unmap(state, 0, state->slot);
    unmap(state, behind_slot, vdso->address - vdso->below);
    unmap(state, vdso->address + vdso->size, IMAGE_ADDRESS_LIMIT);
}
