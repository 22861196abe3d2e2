// SPDX-License-Identifier: Apache-2.0
/*
 * The program's libc remembers addresses inside the vdso of the kernel on which it was captured. On the same kernel
 * the running vdso moves there. On any other, the captured bytes are put there as ordinary memory with the entry of
 * each function leading to the function of the same name in the running vdso, or to the system call.
 */
#include "restore/vdso_symbols.h"

#include "restore/stub.h"
#include "restore/trampoline.h"

#define NR_GETRANDOM 318

static bool place_is_free(const struct image_plan *plan, uint64_t below)
{
    if (below > plan->vdso_address || ranges_overlap(plan->vdso_address - below, below, plan->slot, IMAGE_SLOT_SIZE))
        return false;
    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        if (memory_op_maps(op->kind) &&
            ranges_overlap(op->address, op->length, plan->vdso_address - below, below + plan->vdso_size))
            return false;
    }
    return true;
}

/* Can the running vdso take the place of the captured one? */
bool vdso_is_the_same(const struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct stub_vdso *vdso = &state->vdso;

    return plan->vdso_trampolines == 0 && vdso->address != 0 && vdso->size == plan->vdso_size &&
           memcmp((const void *)vdso->address, plan_at(plan, plan->vdso_copy), plan->vdso_size) == 0 &&
           place_is_free(plan, vdso->below);
}

/* Returns false when the kernel has sealed it: then it does its work from where it is. */
static bool move_running(struct stub_state *state)
{
    uint64_t to = state->plan->vdso_address;
    int result = to == state->vdso.address ? 0 : space_move_vdso(state, to);

    if (result < 0 && result != -ABI_EPERM)
        stub_fail(state, "moving the vdso to %x: %e", to, (int64_t)result);
    return result == 0;
}

static void write_trampoline(struct stub_state *state, const struct vdso_symbols *running, const struct image_vdso_symbol *symbol)
{
    uint8_t *code = (uint8_t *)state->plan->vdso_address + symbol->offset;
    const char *name = plan_string(state->plan, symbol->name);
    uint64_t function = running->count == 0 ? 0 : vdso_symbols_find(running, name);
    bool written = false;

    if (function != 0)
        written = trampoline_jump(code, symbol->room, state->vdso.address + function);
    else if (symbol->system_call == NR_GETRANDOM)
        written = trampoline_getrandom(code, symbol->room, symbol->system_call);
    if (!written)
        written = trampoline_call(code, symbol->room, symbol->system_call);
    if (!written)
        stub_fail(state, "the vdso function %s has only %u bytes", name, (uint64_t)symbol->room);
}

static void write_substitute(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    struct vdso_symbols running = vdso_symbols_read((const uint8_t *)state->vdso.address, state->vdso.size);
    int64_t result = sys_mmap(plan->vdso_address, plan->vdso_size, ABI_PROT_READ | ABI_PROT_WRITE,
                              ABI_MAP_FIXED_NOREPLACE | ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);

    if (is_error(result))
        stub_fail(state, "mapping the vdso at %x: %e", plan->vdso_address, result);
    memcpy((void *)plan->vdso_address, plan_at(plan, plan->vdso_copy), plan->vdso_size);
    for_each_record(symbol, image_vdso_symbol, plan, plan->vdso_symbols)
        write_trampoline(state, &running, symbol);
    result = sys_mprotect(plan->vdso_address, plan->vdso_size, ABI_PROT_READ | ABI_PROT_EXEC);
    if (is_error(result))
        stub_fail(state, "protecting the vdso at %x: %e", plan->vdso_address, result);
}

void vdso_restore(struct stub_state *state)
{
    if (state->plan->vdso_address == 0)
        return;
    if (!vdso_is_the_same(state) || !move_running(state))
        write_substitute(state);
}
