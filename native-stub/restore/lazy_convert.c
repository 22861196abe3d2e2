// SPDX-License-Identifier: Apache-2.0
/*
 * What needs memory that is anonymous to the kernel and keeps its contents: while all other threads stand, pages of the image
 * are copied, fresh memory is mapped in their place, and the contents are copied back. So the kernel joins it to the
 * anonymous memory beside it, as it would have been without an image (mremap refuses to work on two mappings). Memory that
 * cannot be written has a copy moved over it instead.
 */
#include "restore/intercept_offsets.h"
#include "restore/lazy_call.h"
#include "restore/lazy_memory.h"
#include "restore/lazy_ranges.h"
#include "restore/lazy_stop.h"
#include "restore/sys.h"

#define READ_WRITE (ABI_PROT_READ | ABI_PROT_WRITE)
#define CHUNK (UINT64_C(8) << 20) /* what is in memory twice */

struct range {
    uint64_t start, end;
};

static int64_t replace_by_copy(struct lazy_call *call, const struct maps_piece *piece)
{
    uint64_t length = piece->end - piece->start;
    int64_t copy = sys_mmap(0, length, READ_WRITE, ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE, -1, 0);
    int64_t result;

    if (lazy_is_error(copy))
        return copy;
    lazy_copy((uint64_t)copy, piece->start, length);
    __atomic_store_n(&call->resident->torn, 1, __ATOMIC_SEQ_CST);
    result = lazy_map_fresh(call->resident, piece->start, length, piece->protection, ABI_MAP_FIXED, piece->flags);
    if (!lazy_is_error(result))
        lazy_copy(piece->start, (uint64_t)copy, length);
    __atomic_store_n(&call->resident->torn, 0, __ATOMIC_SEQ_CST);
    sys_munmap((uint64_t)copy, length);
    return lazy_is_error(result) ? result : 0;
}

static int64_t replace_in_chunks(struct lazy_call *call, const struct maps_piece *piece)
{
    struct maps_piece chunk = *piece;
    int64_t result = 0;

    for (; chunk.start < piece->end && result == 0; chunk.start = chunk.end) {
        chunk.end = piece->end - chunk.start < CHUNK ? piece->end : chunk.start + CHUNK;
        result = replace_by_copy(call, &chunk);
        if (result == 0)
            lazy_set_done(call->resident, chunk.start, chunk.end);
    }
    return result;
}

static int64_t move_copy_over(struct lazy_call *call, const struct maps_piece *piece)
{
    uint64_t length = piece->end - piece->start;
    int64_t copy = lazy_map_fresh(call->resident, 0, length, READ_WRITE, 0, piece->flags);
    int64_t result = 0;

    if (lazy_is_error(copy))
        return copy;
    if ((piece->protection & ABI_PROT_READ) == 0)
        result = sys_mprotect(piece->start, length, piece->protection | ABI_PROT_READ);
    if (result == 0) {
        lazy_copy((uint64_t)copy, piece->start, length);
        result = sys_mprotect((uint64_t)copy, length, piece->protection);
    }
    if (result == 0)
        result = sys_move((uint64_t)copy, length, piece->start);
    if (lazy_is_error(result)) {
        sys_mprotect(piece->start, length, piece->protection);
        sys_munmap((uint64_t)copy, length);
        return result;
    }
    lazy_set_done(call->resident, piece->start, piece->end);
    return 0;
}

static int64_t convert(struct lazy_call *call, const struct maps_piece *piece, bool still)
{
    bool locked = lazy_is_locked(piece->start);
    bool in_place = still && (piece->protection & READ_WRITE) == READ_WRITE;
    int64_t result = in_place ? replace_in_chunks(call, piece) : move_copy_over(call, piece);

    if (result == 0 && locked)
        sys_mlock2(piece->start, piece->end - piece->start, ABI_MLOCK_ONFAULT);
    return result;
}

static int64_t convert_range(struct lazy_call *call, const struct range *range, bool still)
{
    struct maps_piece piece;
    int64_t result = 0;

    for (uint64_t next = range->start; next < range->end && result == 0; next = piece.end) {
        maps_next(&call->maps, next, range->end, &piece);
        if (piece.kind == MAPS_UNKNOWN)
            return -ABI_EAGAIN;
        if (piece.kind == MAPS_IMAGE)
            result = convert(call, &piece, still);
    }
    return result == -ABI_ENOMEM ? -ABI_EAGAIN : result;
}

static int64_t convert_still_range(struct lazy_call *call, const void *argument)
{
    maps_rewind(&call->maps);
    return convert_range(call, argument, true);
}

/* Returns 1, 0 when all of it is anonymous or the kernel's affair, or -EAGAIN. */
static int64_t has_image(struct lazy_call *call, const struct range *range)
{
    struct maps_piece piece;

    for (uint64_t next = range->start; next < range->end; next = piece.end) {
        maps_next(&call->maps, next, range->end, &piece);
        if (piece.kind == MAPS_IMAGE || piece.kind == MAPS_UNKNOWN)
            return piece.kind == MAPS_IMAGE ? 1 : -ABI_EAGAIN;
    }
    return 0;
}

int64_t lazy_convert(struct lazy_call *call, uint64_t start, uint64_t end)
{
    const struct range range = {.start = start, .end = end};
    int64_t found = has_image(call, &range);

    return found > 0 ? lazy_while_still(call, false, convert_still_range, &range) : found;
}

static int64_t convert_everything(struct lazy_call *call, const void *argument)
{
    struct image_resident *resident = call->resident;
    int64_t result = 0;

    (void)argument;
    maps_rewind(&call->maps);
    for (uint64_t i = 0; i < resident->range_count && result == 0; i++) {
        const struct range range = {.start = resident->ranges[i].address,
                                    .end = resident->ranges[i].address + resident->ranges[i].length};

        result = convert_range(call, &range, true);
    }
    if (result == 0)
        __atomic_store_n(&resident->active, 0, __ATOMIC_SEQ_CST);
    return result;
}

int64_t lazy_settle(struct lazy_call *call)
{
    enum lazy_company company = lazy_company_of(call);

    if (company == LAZY_VFORK_CHILD || company == LAZY_VFORK_CHILD_OF_THREADS)
        return 0;
    return lazy_while_still(call, true, convert_everything, NULL);
}

/* UFFDIO_REGISTER begins with start and length of what gets registered, UFFDIO_MOVE has destination, source, length. */
int64_t lazy_handle_faults(struct lazy_call *call, const uint64_t arguments[6])
{
    uint64_t words[3] = {0, 0, 0};
    bool moves = (uint32_t)arguments[1] == INTERCEPT_UFFDIO_MOVE; /* away, so nobody writes there */
    struct range moved;
    uint64_t first = moves ? 1 : 0;
    struct abi_iovec to = {.address = STUB_ADDRESS(words), .length = (first + 2) * sizeof(words[0])};
    struct abi_iovec from = {.address = arguments[2], .length = to.length};
    bool known = sys_process_vm_readv(&to, 1, &from, 1) == (int64_t)to.length;
    uint64_t start = words[first], length = lazy_round(words[first + 1]);
    int64_t result = 0;

    if (known && start % STUB_PAGE == 0 && start < IMAGE_ADDRESS_LIMIT && length < IMAGE_ADDRESS_LIMIT &&
        lazy_touches(call->resident, start, start + length)) {
        moved = (struct range){.start = start, .end = start + length};
        result = moves ? convert_range(call, &moved, false) : lazy_convert(call, start, start + length);
    }
    return result < 0 ? result : sys_ioctl((int)arguments[0], arguments[1], (void *)arguments[2]);
}

/* The kernel names anonymous memory only: what is named is what is, the rest has no name to lose. */
int64_t lazy_name(struct lazy_call *call, const uint64_t arguments[6])
{
    uint64_t start = arguments[2], end = start + lazy_round(arguments[3]);
    int64_t result = sys_prctl((int)arguments[0], arguments[1], start, 0, arguments[4]); /* is the name good? */
    int64_t holes = 0;
    struct maps_piece piece;

    for (uint64_t next = start; next < end && result == 0; next = piece.end) {
        maps_next(&call->maps, next, end, &piece);
        if (piece.kind != MAPS_IMAGE && piece.kind != MAPS_UNKNOWN)
            result = sys_prctl((int)arguments[0], arguments[1], next, piece.end - next, arguments[4]);
        if (result == -ABI_ENOMEM) { /* nothing is mapped there */
            holes = result;
            result = 0;
        }
    }
    return result < 0 ? result : holes;
}
