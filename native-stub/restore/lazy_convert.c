// SPDX-License-Identifier: Apache-2.0
/*
 * What needs memory that is anonymous to the kernel and keeps its contents: the pages of the image are copied and the
 * copy is moved over them. A write of another thread between the two would be lost, so this is done only while there is
 * no other thread.
 */
#include "restore/intercept_offsets.h"
#include "restore/lazy_call.h"
#include "restore/lazy_memory.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"

#define LINKS_OF_ONE_THREAD 3 /* of /proc/PID/task: itself, its parent, and a folder for each thread */

/* The kernel lets a memory be taken for oneself, which changes nothing, only when that is so. */
bool lazy_is_single(void)
{
    return syscall1(NR_unshare, ABI_CLONE_VM) == 0;
}

/* Of this process; another one that shares its memory waits for it as a rule (vfork). */
static bool has_one_thread(const struct lazy_call *call)
{
    struct abi_stat stat;
    int64_t fd, result;

    if (call->alone)
        return call->was_single;
    if (lazy_is_single())
        return true;
    fd = sys_open("/proc/self/task", ABI_O_PATH | ABI_O_CLOEXEC);
    if (fd < 0)
        return false;
    result = sys_fstat((int)fd, &stat);
    sys_close((int)fd);
    return result == 0 && stat.links == LINKS_OF_ONE_THREAD;
}

static int64_t convert(struct lazy_call *call, const struct maps_piece *piece)
{
    uint64_t length = piece->end - piece->start;
    bool locked = lazy_is_locked(piece->start);
    int64_t copy = lazy_map_fresh(call->resident, 0, length, ABI_PROT_READ | ABI_PROT_WRITE, 0, piece->flags);
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
    if (locked)
        sys_mlock2(piece->start, length, ABI_MLOCK_ONFAULT);
    return 0;
}

static int64_t convert_range(struct lazy_call *call, uint64_t start, uint64_t end, bool others_keep_off)
{
    struct maps_piece piece;
    int64_t result = 0;

    for (uint64_t next = start; next < end && result == 0; next = piece.end) {
        maps_next(&call->maps, next, end, &piece);
        if (piece.kind == MAPS_UNKNOWN || (piece.kind == MAPS_IMAGE && !others_keep_off && !has_one_thread(call)))
            return -ABI_EAGAIN;
        if (piece.kind == MAPS_IMAGE)
            result = convert(call, &piece);
    }
    return result == -ABI_ENOMEM ? -ABI_EAGAIN : result;
}

int64_t lazy_convert(struct lazy_call *call, uint64_t start, uint64_t end)
{
    return convert_range(call, start, end, false);
}

/* UFFDIO_REGISTER begins with start and length of what gets registered, UFFDIO_MOVE has destination, source, length. */
int64_t lazy_handle_faults(struct lazy_call *call, const uint64_t arguments[6])
{
    uint64_t words[3] = {0, 0, 0};
    bool moves = (uint32_t)arguments[1] == INTERCEPT_UFFDIO_MOVE; /* away, so nobody writes there */
    uint64_t first = moves ? 1 : 0;
    struct abi_iovec to = {.address = STUB_ADDRESS(words), .length = (first + 2) * sizeof(words[0])};
    struct abi_iovec from = {.address = arguments[2], .length = to.length};
    bool known = sys_process_vm_readv(&to, 1, &from, 1) == (int64_t)to.length;
    uint64_t start = words[first], length = lazy_round(words[first + 1]);
    int64_t result = 0;

    if (known && start % STUB_PAGE == 0 && start < IMAGE_ADDRESS_LIMIT && length < IMAGE_ADDRESS_LIMIT &&
        lazy_touches(call->resident, start, start + length))
        result = convert_range(call, start, start + length, moves);
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
