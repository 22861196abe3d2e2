// SPDX-License-Identifier: Apache-2.0
#include "restore/lazy_call.h"

#include "restore/lazy_memory.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"

bool lazy_is_locked(uint64_t page)
{
    return sys_madvise(page, STUB_PAGE, ABI_MADV_COLD) == -ABI_EINVAL;
}

/* A program that has changed such attributes since the launch may have taken DONTFORK back: without it a child has one
 * mapping too many, which does no harm, with it one too few. */
int64_t lazy_map_fresh(const struct image_resident *resident, uint64_t address, uint64_t length, uint32_t protection,
                       uint32_t place, uint32_t range_flags)
{
    uint32_t flags = ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | (range_flags & ABI_MAP_NORESERVE);
    int64_t result = sys_mmap(address, length, protection, place | flags, -1, 0);

    if (!lazy_is_error(result) && (range_flags & IMAGE_LAZY_DONTFORK) != 0 &&
        __atomic_load_n(&resident->attributes, __ATOMIC_RELAXED) == 0)
        sys_madvise((uint64_t)result, length, ABI_MADV_DONTFORK);
    return result;
}

int64_t lazy_replace(struct lazy_call *call, const struct maps_piece *piece)
{
    uint64_t length = piece->end - piece->start;
    int64_t result = lazy_map_fresh(call->resident, piece->start, length, piece->protection, ABI_MAP_FIXED, piece->flags);

    if (lazy_is_error(result))
        return result;
    lazy_set_done(call->resident, piece->start, piece->end); /* after: a bit that is set is believed */
    __atomic_add_fetch(&call->resident->split_count, 1, __ATOMIC_RELAXED);
    if (!piece->ends_vma && (piece->protection & ABI_PROT_WRITE) != 0) /* as at launch: for core dumps by gdb */
        sys_madvise(piece->end, STUB_PAGE, ABI_MADV_POPULATE_WRITE);
    return 0;
}

/* Would few more mappings be too many for the program? mremap to a fixed place says so before it looks at anything: within
 * five of vm.max_map_count. There is nothing to move at the slot's end, where the launch's stack has been. */
static bool is_crowded(const struct image_resident *resident)
{
    uint64_t nothing = resident->slot + IMAGE_SLOT_SIZE - 2 * STUB_PAGE;

    return sys_move(nothing, STUB_PAGE, nothing + STUB_PAGE) == -ABI_ENOMEM;
}

/* One call, so that other threads see the old contents or zeros and nothing between. Only pieces that are small, or have
 * attributes that new memory would lack, or would be one mapping too many, are written over instead. */
static bool stays_in_place(const struct lazy_call *call, const struct maps_piece *piece)
{
    const struct image_resident *resident = call->resident;
    bool writable = (piece->protection & ABI_PROT_WRITE) != 0;

    return (writable && (piece->end - piece->start < LAZY_SMALL || call->maps.way == MAPS_BLIND)) ||
           __atomic_load_n(&resident->attributes, __ATOMIC_RELAXED) != 0 ||
           __atomic_load_n(&resident->split_count, __ATOMIC_RELAXED) >= LAZY_SPLIT_LIMIT || is_crowded(resident);
}

/* Returns 0 or -errno. */
static int64_t clear_in_place(const struct maps_piece *piece, uint32_t advice)
{
    if (advice == ABI_MADV_FREE) /* may keep the contents, and nobody is short of memory for pages of a file */
        return 0;
    if ((piece->protection & ABI_PROT_WRITE) == 0)
        return lazy_zero_forced(piece->start, piece->end);
    lazy_zero(piece->start, piece->end);
    return 0;
}

static int64_t discard(struct lazy_call *call, const struct maps_piece *piece, uint32_t advice)
{
    bool locked = lazy_is_locked(piece->start);
    int64_t result;

    if (locked && advice != ABI_MADV_DONTNEED_LOCKED)
        return -ABI_EINVAL;
    if (advice != ABI_MADV_GUARD_INSTALL && stays_in_place(call, piece) && clear_in_place(piece, advice) == 0)
        return 0;
    result = lazy_replace(call, piece);
    if (result < 0 && advice != ABI_MADV_GUARD_INSTALL && clear_in_place(piece, advice) == 0)
        return 0; /* sealed, or no room for one more mapping */
    if (result < 0)
        return result == -ABI_ENOMEM ? -ABI_EAGAIN : result;
    if (locked)
        sys_mlock2(piece->start, piece->end - piece->start, ABI_MLOCK_ONFAULT);
    if (advice == ABI_MADV_GUARD_INSTALL)
        return sys_madvise(piece->start, piece->end - piece->start, advice);
    return 0;
}

static int64_t advise_image(struct lazy_call *call, const struct maps_piece *piece, uint32_t advice)
{
    switch (advice) {
    case ABI_MADV_REMOVE:
        return -ABI_EINVAL; /* as for memory without a file; for a private file it would be EACCES */
    case ABI_MADV_GUARD_REMOVE:
        return 0; /* where guards were installed it is no page of the image */
    default:
        return discard(call, piece, advice);
    }
}

/* Locked memory, or pages on an old kernel, where there is no /proc. */
static int64_t advise_unknown(const struct maps_piece *piece, uint32_t advice)
{
    if (!lazy_is_locked(piece->start))
        return -ABI_EAGAIN;
    if (advice != ABI_MADV_DONTNEED_LOCKED)
        return -ABI_EINVAL;
    if (sys_madvise(piece->start, piece->end - piece->start, ABI_MADV_POPULATE_WRITE) != 0)
        return -ABI_EAGAIN;
    lazy_zero(piece->start, piece->end); /* right for both, anonymous memory and the image's */
    return 0;
}

int64_t lazy_advise(struct lazy_call *call, uint64_t start, uint64_t end, uint32_t advice)
{
    int64_t holes = 0, result = 0;
    struct maps_piece piece;

    if (advice == ABI_MADV_WIPEONFORK) {
        result = lazy_convert(call, start, end);
        return result < 0 ? result : sys_madvise(start, end - start, advice);
    }
    for (uint64_t next = start; next < end; next = piece.end) {
        maps_next(&call->maps, next, end, &piece);
        switch (piece.kind) {
        case MAPS_HOLE:
            result = -ABI_ENOMEM;
            break;
        case MAPS_UNKNOWN:
            result = advise_unknown(&piece, advice);
            break;
        case MAPS_IMAGE:
            result = advise_image(call, &piece, advice);
            break;
        default:
            result = sys_madvise(piece.start, piece.end - piece.start, advice);
            break;
        }
        if (result == -ABI_ENOMEM) /* a hole: the kernel goes on and says so at the end */
            holes = result;
        else if (result < 0)
            return result;
        if (piece.kind != MAPS_IMAGE && piece.kind != MAPS_UNKNOWN)
            lazy_set_done(call->resident, piece.start, piece.end);
    }
    return holes;
}
