// SPDX-License-Identifier: Apache-2.0
/* process_madvise on the calling process itself: each piece goes the way of madvise. */
#include "restore/lazy_call.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"
#include "restore/text.h"

#define PIECES_LIMIT 1024 /* UIO_MAXIOV */
#define PIECES 16
#define FDINFO_BYTES 512

static int64_t advise_by_kernel(const uint64_t a[6])
{
    return syscall5(NR_process_madvise, a[0], a[1], a[2], a[3], a[4]);
}

static void append(char *text, uint32_t *used, const char *more)
{
    while (*more != '\0')
        text[(*used)++] = *more++;
    text[*used] = '\0';
}

static void append_number(char *text, uint32_t *used, uint32_t value)
{
    char digits[12];
    uint32_t next = sizeof(digits) - 1;

    digits[next] = '\0';
    do {
        digits[--next] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    append(text, used, digits + next);
}

/* The number behind "\nPid:\t", 0 when there is none. */
static uint32_t pid_in(const char *text)
{
    const char *wanted = "\nPid:\t";

    for (; *text != '\0'; text++) {
        uint32_t same = 0;

        while (wanted[same] != '\0' && text[same] == wanted[same])
            same++;
        text += wanted[same] == '\0' ? same : 0;
        if (wanted[same] == '\0')
            return text_number(&text);
    }
    return 0;
}

static bool is_own(const struct lazy_call *call, uint64_t descriptor)
{
    int32_t pidfd = (int32_t)descriptor;
    char text[FDINFO_BYTES];
    uint32_t used = 0;
    int64_t fd, count;

    if (pidfd == ABI_PIDFD_SELF_THREAD || pidfd == ABI_PIDFD_SELF_THREAD_GROUP)
        return true;
    append(text, &used, "/proc/thread-self/fdinfo/");
    append_number(text, &used, (uint32_t)pidfd);
    fd = pidfd < 0 ? -ABI_EBADF : sys_open(text, ABI_O_RDONLY | ABI_O_CLOEXEC);
    if (fd < 0)
        return false;
    count = sys_read((int)fd, text, sizeof(text) - 1);
    sys_close((int)fd);
    text[count > 0 ? count : 0] = '\0';
    return pid_in(text) == call->pid || pid_in(text) == call->tid;
}

/* Reads up to PIECES pieces. Returns how many, 0 when they cannot be read. */
static uint64_t read_pieces(uint64_t address, uint64_t count, struct abi_iovec *ret_pieces)
{
    uint64_t wanted = count < PIECES ? count : PIECES;
    struct abi_iovec to = {.address = STUB_ADDRESS(ret_pieces), .length = wanted * sizeof(*ret_pieces)};
    struct abi_iovec from = {.address = address, .length = to.length};

    return sys_process_vm_readv(&to, 1, &from, 1) == (int64_t)to.length ? wanted : 0;
}

static bool any_touches(const struct lazy_call *call, const uint64_t a[6])
{
    struct abi_iovec pieces[PIECES];
    uint64_t count;

    for (uint64_t done = 0; done < a[2]; done += count) {
        count = read_pieces(a[1] + done * sizeof(pieces[0]), a[2] - done, pieces);
        if (count == 0)
            return false;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t end = pieces[i].address + pieces[i].length;

            if (end > pieces[i].address && lazy_touches(call->resident, pieces[i].address, end))
                return true;
        }
    }
    return false;
}

static int64_t advise_piece(struct lazy_call *call, const struct abi_iovec *piece, uint32_t advice)
{
    uint64_t end = piece->address + lazy_round(piece->length);
    bool refused = piece->address % STUB_PAGE != 0 || end < piece->address || lazy_round(piece->length) < piece->length;

    if (refused || end == piece->address || !lazy_touches(call->resident, piece->address, end))
        return sys_madvise(piece->address, piece->length, advice);
    maps_rewind(&call->maps);
    return lazy_advise(call, piece->address, end, advice);
}

/* As the kernel: bytes that were advised, or the error of the first piece. */
int64_t lazy_process_madvise(struct lazy_call *call, const uint64_t a[6])
{
    const uint64_t without_pieces[6] = {a[0], a[1], 0, a[3], a[4], 0};
    int64_t advised = 0, result = advise_by_kernel(without_pieces);
    struct abi_iovec pieces[PIECES];
    uint64_t count;

    if (result < 0 || a[2] > PIECES_LIMIT || !any_touches(call, a) || !is_own(call, a[0]))
        return advise_by_kernel(a);
    for (uint64_t done = 0; done < a[2]; done += count) {
        count = read_pieces(a[1] + done * sizeof(pieces[0]), a[2] - done, pieces);
        for (uint64_t i = 0; i < count; i++) {
            result = advise_piece(call, &pieces[i], (uint32_t)a[3]);
            if (result < 0)
                return advised > 0 ? advised : result;
            advised += (int64_t)pieces[i].length;
        }
        if (count == 0)
            break;
    }
    return advised;
}
