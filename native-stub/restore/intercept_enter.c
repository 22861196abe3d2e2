// SPDX-License-Identifier: Apache-2.0
/*
 * First and last part of an intercepted call, on the program's stack, which may be small: all frames of this file and of
 * lazy_ranges.c together stay below IMAGE_INTERCEPT_STACK (the Makefile adds them up). Most calls leave here again.
 */
#include "restore/intercept.h"
#include "restore/intercept_offsets.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"
#include "restore/terminal_redraw.h"

#define PROTECTION_KEY_DEFAULT 0
#define MOUNT_CHANGES (ABI_MS_REMOUNT | ABI_MS_UNBINDABLE | ABI_MS_PRIVATE | ABI_MS_SLAVE | ABI_MS_SHARED) /* cover nothing */

static bool is_active(const struct image_resident *resident)
{
    return __atomic_load_n(&resident->active, __ATOMIC_SEQ_CST) != 0;
}

static bool is_error(int64_t result)
{
    return result < 0 && result > -4096;
}

/* Exclusive end of a page range; 0 when the kernel refuses the range or it is empty. */
static uint64_t end_of(uint64_t start, uint64_t length)
{
    uint64_t rounded = (length + STUB_PAGE - 1) & ~(STUB_PAGE - 1);

    if (start % STUB_PAGE != 0 || rounded < length || rounded == 0 || start + rounded < start)
        return 0;
    return start + rounded;
}

static void note_attributes(struct image_resident *resident)
{
    __atomic_store_n(&resident->attributes, 1, __ATOMIC_RELAXED);
}

enum treatment { LEAVE, DISCARD, DECORATE, ENDOW };

static enum treatment treatment_of(uint32_t advice)
{
    switch (advice) {
    case ABI_MADV_DONTNEED:
    case ABI_MADV_FREE:
    case ABI_MADV_REMOVE:
    case ABI_MADV_WIPEONFORK:
    case ABI_MADV_DONTNEED_LOCKED:
    case ABI_MADV_GUARD_INSTALL:
    case ABI_MADV_GUARD_REMOVE:
        return DISCARD;
    case ABI_MADV_DONTFORK:
    case ABI_MADV_DOFORK:
        return DECORATE;
    case ABI_MADV_DONTDUMP:
    case ABI_MADV_MERGEABLE:
        return ENDOW;
    default:
        return LEAVE;
    }
}

/* Must this range be looked at? */
static bool concerns(const struct image_resident *resident, uint64_t start, uint64_t length)
{
    uint64_t end = end_of(start, length);

    return end != 0 && lazy_touches(resident, start, end) && !lazy_all_done(resident, start, end);
}

/* The kernel gives the range an attribute, and it must be remembered that there is one. Always passes. */
static bool decorates(struct image_resident *resident, uint64_t start, uint64_t length)
{
    if (concerns(resident, start, length))
        note_attributes(resident);
    return false;
}

/* Memory that is given to children, or not, as it was at the capture has no attribute more than its range says. */
static bool changes_forking(const struct image_resident *resident, uint64_t start, uint64_t length, uint32_t advice)
{
    uint32_t wanted = advice == ABI_MADV_DONTFORK ? IMAGE_LAZY_DONTFORK : 0;
    const struct image_lazy_range *range = lazy_range_from(resident->ranges, resident->range_count, start);
    const struct image_lazy_range *end = resident->ranges + resident->range_count;

    for (; range != NULL && range < end && range->address < start + length; range++) {
        if ((range->flags & IMAGE_LAZY_DONTFORK) != wanted)
            return true;
    }
    return false;
}

static bool advises(struct image_resident *resident, uint64_t start, uint64_t length, uint32_t advice)
{
    bool is_forking = advice == ABI_MADV_DONTFORK || advice == ABI_MADV_DOFORK;

    switch (treatment_of(advice)) {
    case DISCARD:
    case ENDOW:
        return concerns(resident, start, length);
    case DECORATE:
        return (!is_forking || changes_forking(resident, start, length, advice)) && decorates(resident, start, length);
    default:
        return false;
    }
}

/* Remembered, for nobody can ask the kernel. Always passes. */
static bool names_tracer(struct image_resident *resident, uint64_t tracer)
{
    resident->tracer = tracer;
    resident->tracer_owner = (uint64_t)sys_getpid();
    return false;
}

static bool prctl_is_ours(struct image_resident *resident, const struct intercept_registers *call)
{
    switch ((uint32_t)call->di) {
    case ABI_PR_SET_SECCOMP:
        return true;
    case ABI_PR_SET_PTRACER:
        return names_tracer(resident, call->si);
    default:
        return call->si == ABI_PR_SET_VMA_ANON_NAME && concerns(resident, call->dx, call->r10);
    }
}

static bool is_ours(struct image_resident *resident, const struct intercept_registers *call)
{
    uint64_t end;

    switch ((uint32_t)call->ax) {
    case NR_madvise:
        return advises(resident, call->di, call->si, (uint32_t)call->dx);
    case NR_mremap: /* also of pages that are anonymous by now: several mappings may have to be taken for one */
        if (call->dx < call->si && (call->r10 & (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)) == 0)
            return false; /* unmaps what is too much, whatever that is */
        end = end_of(call->di, call->si);
        return end != 0 && lazy_touches(resident, call->di, end);
    case NR_process_madvise:
        if (treatment_of((uint32_t)call->r10) >= DECORATE)
            note_attributes(resident);
        return treatment_of((uint32_t)call->r10) == DISCARD;
    case NR_ioctl:
        return true;
    case NR_prctl:
        return prctl_is_ours(resident, call);
    case NR_pkey_mprotect:
        return (int32_t)call->r10 > PROTECTION_KEY_DEFAULT && concerns(resident, call->di, call->si);
    case NR_mbind:
        return concerns(resident, call->di, call->si);
    case NR_seccomp:
        return (uint32_t)call->di <= ABI_SECCOMP_SET_MODE_FILTER;
    case NR_unshare:
        return (call->di & ABI_CLONE_NEWNS) != 0;
    case NR_setns:
        return (uint32_t)call->si == 0 || (call->si & ABI_CLONE_NEWNS) != 0;
    case NR_mount:
        return (call->r10 & MOUNT_CHANGES) == 0;
    case NR_chroot:
    case NR_pivot_root:
    case NR_umount2:
    case NR_move_mount:
    case NR_landlock_restrict_self:
        return true;
    default:
        return false;
    }
}

/* Has to do with the screen, not with lazy memory, of which there may be none. */
static bool asks_for_size(const struct intercept_registers *call)
{
    return (uint32_t)call->ax == NR_ioctl && (uint32_t)call->si == ABI_TIOCGWINSZ;
}

/* Takes a free stack of the record, or maps one when so many threads are at work, or have been when this process was
 * forked off. Returns its number, or -errno. */
static int64_t take_stack(struct image_resident *resident, uint64_t *ret_stack)
{
    uint64_t used = __atomic_load_n(&resident->stacks_used, __ATOMIC_RELAXED);

    while (used != UINT64_MAX) {
        uint64_t number = (uint64_t)__builtin_ctzll(~used);

        if (!__atomic_compare_exchange_n(&resident->stacks_used, &used, used | UINT64_C(1) << number, false,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        *ret_stack = (uint64_t)(uintptr_t)resident + intercept_stacks_offset(resident->range_count) +
                     number * INTERCEPT_STACK_BYTES;
        return (int64_t)number;
    }
    *ret_stack = (uint64_t)sys_mmap(0, INTERCEPT_STACK_BYTES, ABI_PROT_READ | ABI_PROT_WRITE,
                                    ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE, -1, 0);
    return is_error((int64_t)*ret_stack) ? (int64_t)*ret_stack : INTERCEPT_STACKS;
}

static void give_back(struct image_resident *resident, uint64_t number, uint64_t stack)
{
    if (number == INTERCEPT_STACKS)
        sys_munmap(stack, INTERCEPT_STACK_BYTES);
    else
        __atomic_and_fetch(&resident->stacks_used, ~(UINT64_C(1) << number), __ATOMIC_RELEASE);
}

uint64_t intercept_enter(struct intercept_registers *registers)
{
    struct image_resident *resident = INTERCEPT_RECORD;
    uint64_t mask = ~UINT64_C(0), stack;
    struct intercept_frame *frame;
    int64_t number;

    if (asks_for_size(registers) ? !terminal_redraw_is_due() : !is_active(resident) || !is_ours(resident, registers))
        return INTERCEPT_PASS;
    sys_swap_signal_mask(&mask, &mask);
    number = take_stack(resident, &stack);
    if (number < 0) {
        sys_set_signal_mask(&mask);
        registers->ax = (uint64_t)number;
        return INTERCEPT_DONE;
    }
    if (!is_active(resident) && !asks_for_size(registers)) { /* another thread has seen to it meanwhile */
        give_back(resident, (uint64_t)number, stack);
        sys_set_signal_mask(&mask);
        return INTERCEPT_PASS;
    }
    frame = (struct intercept_frame *)(stack + INTERCEPT_STACK_BYTES - sizeof(*frame));
    frame->registers = *registers;
    frame->signal_mask = mask;
    frame->stack = stack;
    frame->number = (uint64_t)number;
    return (uint64_t)(uintptr_t)frame;
}

uint64_t intercept_leave(struct intercept_frame *frame, struct intercept_registers *ret_registers)
{
    struct image_resident *resident = INTERCEPT_RECORD;
    uint64_t mask = frame->signal_mask, way = frame->pass != 0 ? INTERCEPT_PASS : INTERCEPT_DONE;

    *ret_registers = frame->registers;
    give_back(resident, frame->number, frame->stack);
    sys_set_signal_mask(&mask);
    return way;
}
