// SPDX-License-Identifier: Apache-2.0
/*
 * mremap of memory that is pages of the image in part. What was one mapping of the program is several by now; as long as
 * they lie side by side with the same rights they are treated as the one that they were. Pages of the image stay where
 * they are: what has to move is copied to fresh memory, which is one mapping again.
 */
#include "restore/lazy_call.h"
#include "restore/lazy_memory.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"
#include "restore/text.h"

#define MOVES (ABI_MREMAP_FIXED | ABI_MREMAP_DONTUNMAP)
#define READ_WRITE (ABI_PROT_READ | ABI_PROT_WRITE)

struct remap { /* the call's arguments, lengths rounded */
    uint64_t old, old_length, new_length, flags, target;
};

struct run { /* pieces side by side that can have been one mapping */
    uint64_t start, end;
    uint64_t tail; /* where the last piece starts */
    uint32_t pieces;
    uint32_t protection, flags;
    bool has_image, tail_is_image, locked, unknown;
};

static int64_t remap_by_kernel(const struct remap *remap)
{
    return syscall5(NR_mremap, remap->old, remap->old_length, remap->new_length, remap->flags, remap->target);
}

static bool joins(const struct run *run, const struct maps_piece *piece)
{
    bool memory = piece->kind == MAPS_ANONYMOUS || piece->kind == MAPS_IMAGE;

    return memory && (run->pieces == 0 || (piece->protection == run->protection &&
                                           lazy_is_locked(piece->start) == run->locked));
}

/* The longest run from start, at most up to limit; empty when there is none. */
static void find_run(struct lazy_call *call, uint64_t start, uint64_t limit, struct run *ret_run)
{
    struct maps_piece piece;

    *ret_run = (struct run){.start = start, .end = start};
    while (ret_run->end < limit) {
        maps_next(&call->maps, ret_run->end, limit, &piece);
        ret_run->unknown |= piece.kind == MAPS_UNKNOWN;
        if (!joins(ret_run, &piece))
            return;
        if (ret_run->pieces == 0)
            ret_run->locked = lazy_is_locked(piece.start);
        ret_run->protection = piece.protection;
        ret_run->tail = piece.start;
        ret_run->tail_is_image = piece.kind == MAPS_IMAGE;
        if (ret_run->tail_is_image && !ret_run->has_image)
            ret_run->flags = piece.flags;
        ret_run->has_image |= ret_run->tail_is_image;
        ret_run->pieces++;
        ret_run->end = piece.end;
    }
}

static void copy_run(struct lazy_call *call, const struct run *run, uint64_t to)
{
    struct maps_piece piece;

    maps_rewind(&call->maps);
    for (uint64_t next = run->start; next < run->end; next = piece.end) {
        maps_next(&call->maps, next, run->end, &piece);
        if (piece.kind == MAPS_IMAGE)
            lazy_copy(to + (next - run->start), next, piece.end - next);
        else
            lazy_copy_sparse(to + (next - run->start), next, piece.end - next);
    }
}

/* Leaves [run->start, old_end) behind: unmapped, or as memory that nobody has written to. */
static int64_t leave(struct lazy_call *call, const struct run *run, uint64_t old_end, uint64_t flags)
{
    uint64_t length = old_end - run->start;
    int64_t result;

    if ((flags & ABI_MREMAP_DONTUNMAP) != 0)
        result = lazy_map_fresh(call->resident, run->start, length, run->protection, ABI_MAP_FIXED, run->flags);
    else
        result = sys_munmap(run->start, length);
    if (lazy_is_error(result))
        return result;
    lazy_set_done(call->resident, run->start, old_end);
    return 0;
}

/* The run becomes new_length bytes of fresh memory at the target or wherever there is room. On failure only what the
 * target held is gone, as after a failure of the kernel's. */
static int64_t move(struct lazy_call *call, const struct run *run, const struct remap *remap)
{
    uint32_t place = (remap->flags & ABI_MREMAP_FIXED) != 0 ? ABI_MAP_FIXED : 0;
    uint64_t hint = (remap->flags & MOVES) != 0 ? remap->target : 0;
    uint64_t length = run->end - run->start;
    bool unreadable = (run->protection & ABI_PROT_READ) == 0;
    int64_t result = 0;
    int64_t to = lazy_map_fresh(call->resident, hint, remap->new_length, READ_WRITE, place, run->flags);

    if (lazy_is_error(to))
        return to;
    if (unreadable)
        result = sys_mprotect(run->start, length, run->protection | ABI_PROT_READ);
    if (result == 0) {
        copy_run(call, run, (uint64_t)to);
        if (run->protection != READ_WRITE)
            result = sys_mprotect((uint64_t)to, remap->new_length, run->protection);
    }
    if (result == 0)
        result = leave(call, run, remap->old + remap->old_length, remap->flags);
    if (result < 0) {
        if (unreadable)
            sys_mprotect(run->start, length, run->protection);
        sys_munmap((uint64_t)to, remap->new_length);
        return result;
    }
    if (run->locked)
        sys_mlock2((uint64_t)to, remap->new_length, ABI_MLOCK_ONFAULT);
    return to;
}

/* Nothing is copied: other threads may be writing. Returns 0 or -errno, -ENOMEM when there is no room. */
static int64_t grow_in_place(struct lazy_call *call, const struct run *run, uint64_t more)
{
    int64_t result;

    if (!run->tail_is_image) { /* it may have attributes: the kernel extends it with them */
        result = syscall5(NR_mremap, run->tail, run->end - run->tail, run->end - run->tail + more, 0, 0);
        return lazy_is_error(result) ? result : 0;
    }
    result = lazy_map_fresh(call->resident, run->end, more, run->protection, ABI_MAP_FIXED_NOREPLACE, run->flags);
    if (result == -ABI_EEXIST)
        return -ABI_ENOMEM;
    if (lazy_is_error(result))
        return result;
    if ((uint64_t)result != run->end) { /* a kernel before 4.17 takes the address for a wish */
        sys_munmap((uint64_t)result, more);
        return -ABI_ENOMEM;
    }
    lazy_set_done(call->resident, run->end, run->end + more);
    if (run->locked)
        sys_mlock2(run->end, more, 0);
    return 0;
}

static int64_t remap_run(struct lazy_call *call, const struct run *run, const struct remap *remap)
{
    int64_t result;

    if ((remap->flags & MOVES) != 0)
        return move(call, run, remap);
    if (remap->new_length == remap->old_length)
        return (int64_t)remap->old;
    result = grow_in_place(call, run, remap->new_length - remap->old_length);
    if (result == 0)
        return (int64_t)remap->old;
    return result == -ABI_ENOMEM && (remap->flags & ABI_MREMAP_MAYMOVE) != 0 ? move(call, run, remap) : result;
}

/* Since Linux 6.17 a move without a change of size may span mappings of all sorts, and holes between them. */
static bool kernel_moves_many(void)
{
    struct abi_utsname name;
    const char *next = name.fields[2];
    uint32_t major, minor;

    if (sys_uname(&name) < 0)
        return false;
    major = text_number(&next);
    next += *next == '.';
    minor = text_number(&next);
    return major > 6 || (major == 6 && minor >= 17);
}

static int64_t move_one_of_many(struct lazy_call *call, struct remap *part)
{
    uint64_t limit = part->old + part->old_length;
    struct maps_piece piece;
    struct run run;

    maps_rewind(&call->maps);
    find_run(call, part->old, limit, &run);
    part->old_length = part->new_length = run.end - run.start;
    if (run.pieces > 0)
        return run.has_image || run.pieces > 1 ? move(call, &run, part) : remap_by_kernel(part);
    maps_rewind(&call->maps);
    maps_next(&call->maps, part->old, limit, &piece);
    part->old_length = part->new_length = piece.end - piece.start;
    return piece.kind == MAPS_HOLE ? 0 : remap_by_kernel(part);
}

static int64_t move_many(struct lazy_call *call, const struct remap *remap)
{
    uint64_t end = remap->old + remap->old_length;

    for (uint64_t next = remap->old; next < end;) {
        struct remap part = *remap;
        int64_t result;

        part.old = next;
        part.old_length = end - next;
        part.target = remap->target + (next - remap->old);
        result = move_one_of_many(call, &part);
        if (lazy_is_error(result))
            return result;
        next += part.old_length;
    }
    return (int64_t)remap->target;
}

/* Starts with memory and has pages of the image, which the kernel must not move. */
static bool can_move_many(struct lazy_call *call, uint64_t start, uint64_t end)
{
    struct maps_piece piece = {.end = start};
    bool has_image = false;

    maps_rewind(&call->maps);
    while (piece.end < end) {
        maps_next(&call->maps, piece.end, end, &piece);
        if (piece.start == start && piece.kind == MAPS_HOLE)
            return false;
        has_image |= piece.kind == MAPS_IMAGE;
    }
    return has_image && kernel_moves_many();
}

/* What the kernel answers right whatever is mapped there. */
static bool is_kernels_affair(const struct remap *remap)
{
    bool moves = (remap->flags & MOVES) != 0;

    if (!moves && remap->new_length < remap->old_length)
        return true; /* unmaps */
    if ((remap->flags & ~(uint64_t)(MOVES | ABI_MREMAP_MAYMOVE)) != 0 || remap->old % STUB_PAGE != 0 ||
        remap->old_length == 0 || remap->new_length == 0 || remap->new_length > IMAGE_ADDRESS_LIMIT ||
        remap->old_length > IMAGE_ADDRESS_LIMIT)
        return true;
    if (!moves)
        return false;
    return remap->target % STUB_PAGE != 0 || (remap->flags & ABI_MREMAP_MAYMOVE) == 0 ||
           remap->target > IMAGE_ADDRESS_LIMIT - remap->new_length ||
           (remap->old < remap->target + remap->new_length && remap->target < remap->old + remap->old_length);
}

int64_t lazy_remap(struct lazy_call *call, const uint64_t arguments[6])
{
    const struct remap asked = {.old = arguments[0], .old_length = arguments[1], .new_length = arguments[2],
                                .flags = arguments[3], .target = arguments[4]};
    struct remap remap = asked;
    uint64_t kept;
    struct run run;

    remap.old_length = lazy_round(remap.old_length);
    remap.new_length = lazy_round(remap.new_length);
    kept = remap.old_length < remap.new_length ? remap.old_length : remap.new_length;
    if (is_kernels_affair(&remap) || ((remap.flags & ABI_MREMAP_DONTUNMAP) != 0 && asked.old_length != asked.new_length))
        return remap_by_kernel(&asked);
    call->maps.thorough = true;
    find_run(call, remap.old, remap.old + kept, &run);
    if (run.unknown)
        return -ABI_ENOMEM; /* programs know how to go on: by copying themselves */
    if (run.end == remap.old + kept)
        return run.has_image || run.pieces > 1 ? remap_run(call, &run, &remap) : remap_by_kernel(&asked);
    if ((remap.flags & ABI_MREMAP_FIXED) != 0 && remap.old_length == remap.new_length &&
        can_move_many(call, remap.old, remap.old + remap.old_length))
        return move_many(call, &remap);
    return remap_by_kernel(&asked); /* which refuses to remap across mappings */
}
