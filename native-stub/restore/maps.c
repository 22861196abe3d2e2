// SPDX-License-Identifier: Apache-2.0
#include "restore/maps.h"

#include "restore/bytes.h"
#include "restore/lazy_ranges.h"
#include "restore/sys.h"

#ifndef MAPS_PATH /* a host test takes others */
#define MAPS_PATH "/proc/thread-self/maps"
#define MAPS_QUERY_COMMAND UINT64_C(0xc0686611) /* PROCMAP_QUERY */
#define MAPS_OPEN_DETACHED() open_detached()
#endif
#define FSOPEN_CLOEXEC 1
#define FSMOUNT_CLOEXEC 1
#define FSCONFIG_CMD_CREATE 6
#define QUERY_COVERING_OR_NEXT 0x10
#define QUERY_SHARED 8 /* PROCMAP_QUERY_VMA_SHARED; the three bits below it are PROT_* in the same order */

struct query { /* struct procmap_query of include/uapi/linux/fs.h */
    uint64_t size, flags, address;
    uint64_t start, end, vma_flags, page_size, offset, inode;
    uint32_t device_major, device_minor;
    uint32_t name_size, build_id_size;
    uint64_t name, build_id;
};
_Static_assert(sizeof(struct query) == 104, "the size is part of the command");

static bool failed(int64_t result)
{
    return result < 0;
}

/* ---- PROCMAP_QUERY ---- */

static int query(int fd, uint64_t address, struct maps_vma *ret_vma)
{
    struct query query = {.size = sizeof(query), .flags = QUERY_COVERING_OR_NEXT, .address = address};
    int64_t result = sys_ioctl(fd, MAPS_QUERY_COMMAND, &query);

    if (result == -ABI_ENOENT)
        return 0;
    if (failed(result))
        return (int)result;
    *ret_vma = (struct maps_vma){
        .start = query.start, .end = query.end,
        .protection = (uint32_t)query.vma_flags & (ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC),
        .shared = (query.vma_flags & QUERY_SHARED) != 0,
        .offset = query.offset, .device_major = query.device_major, .device_minor = query.device_minor, .inode = query.inode,
    };
    return 1;
}

/* ---- text ---- */

/* Moves what is left to the front and reads behind it. Returns 0 or -errno. */
static int refill(struct maps_text *text, int fd)
{
    int64_t count;

    memmove(text->bytes, text->bytes + text->next, text->used - text->next);
    text->used -= text->next;
    text->next = 0;
    do
        count = sys_read(fd, text->bytes + text->used, sizeof(text->bytes) - text->used);
    while (count == -ABI_EINTR);
    if (failed(count))
        return (int)count;
    text->ended = count == 0;
    text->used += (uint32_t)count;
    return 0;
}

/* Where the line that starts at `next` ends, or `used`. */
static uint32_t line_end(const struct maps_text *text)
{
    uint32_t end = text->next;

    while (end < text->used && text->bytes[end] != '\n')
        end++;
    return end;
}

/* Returns 1, 0 at the end, -EINVAL for what is no line of maps, or -errno. */
static int next_line(struct maps_text *text, int fd, struct maps_vma *ret_vma)
{
    for (;;) {
        uint32_t start = text->next, end = line_end(text);
        bool whole = end < text->used;
        bool fills = start == 0 && end == sizeof(text->bytes);

        if (!whole && !fills) {
            int error;

            if (text->ended)
                return start == end ? 0 : -ABI_EINVAL;
            error = refill(text, fd);
            if (error < 0)
                return error;
            continue;
        }
        text->next = whole ? end + 1 : end;
        if (!text->skipping) {
            text->skipping = !whole;
            return maps_line_read(text->bytes + start, end - start, ret_vma) ? 1 : -ABI_EINVAL;
        }
        text->skipping = !whole;
    }
}

/* The mappings ahead are as they were a moment ago; what lies behind the last asked address may have changed. */
static int find_in_text(struct maps *maps, uint64_t address, struct maps_vma *ret_vma)
{
    while (!maps->have_vma || maps->vma.end <= address) {
        int result = next_line(&maps->text, maps->fd, &maps->vma);

        maps->have_vma = result > 0;
        if (result <= 0)
            return result;
    }
    *ret_vma = maps->vma;
    return 1;
}

int maps_find(struct maps *maps, uint64_t address, struct maps_vma *ret_vma)
{
    int result;

    if (maps->way == MAPS_QUERY) {
        result = query(maps->fd, address, ret_vma);
        if (!failed(result))
            return result;
        maps->way = MAPS_TEXT;
    }
    return find_in_text(maps, address, ret_vma);
}

/* ---- without /proc ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool advice_is(uint64_t page, uint32_t advice, int64_t expected)
{
    return sys_madvise(page, STUB_PAGE, advice) == expected;
}

/* mremap of no bytes makes a second mapping of shared memory and refuses private memory. */
static enum maps_kind ask_for_sharing(uint64_t page)
{
    int64_t result = syscall5(NR_mremap, page, 0, STUB_PAGE, ABI_MREMAP_MAYMOVE, 0);

    if (result == -ABI_EINVAL)
        return MAPS_ANONYMOUS; /* or of a file */
    if (result == -ABI_EFAULT)
        return MAPS_HOLE;
    if (failed(result))
        return MAPS_UNKNOWN;
    sys_munmap((uint64_t)result, STUB_PAGE);
    return MAPS_OTHER;
}

/* A lazy page that is not known to be anonymous. None of the questions changes anything: MADV_REMOVE is refused for all
 * private memory, with one error where there is a file and another where there is none. */
static enum maps_kind ask_page(uint64_t page, uint32_t *ret_protection)
{
    enum maps_kind kind = ask_for_sharing(page);

    *ret_protection = 0;
    if (kind != MAPS_ANONYMOUS)
        return kind;
    if (!advice_is(page, ABI_MADV_COLD, 0)) /* locked: the next answer would not tell */
        return MAPS_UNKNOWN;
    kind = advice_is(page, ABI_MADV_REMOVE, -ABI_EACCES) ? MAPS_IMAGE : MAPS_ANONYMOUS;
    *ret_protection = ABI_PROT_READ | ABI_PROT_WRITE;
    if (advice_is(page, ABI_MADV_POPULATE_WRITE, 0))
        return kind;
    *ret_protection = ABI_PROT_READ;
    if (advice_is(page, ABI_MADV_POPULATE_READ, 0))
        return kind;
    *ret_protection = 0;
    return advice_is(0, ABI_MADV_POPULATE_READ, -ABI_ENOMEM) ? kind : MAPS_UNKNOWN; /* EINVAL before Linux 5.14 */
}

static void next_blind(const struct image_lazy_range *range, bool thorough, struct maps_piece *piece)
{
    bool is_lazy = range != NULL && range->address <= piece->start;
    uint64_t border = range == NULL ? piece->end : is_lazy ? range->address + range->length : range->address;
    uint64_t page = piece->start + STUB_PAGE;
    uint32_t protection;

    piece->end = least(piece->end, border);
    piece->ends_vma = true; /* as far as anybody knows */
    piece->kind = MAPS_OTHER;
    if (!is_lazy && !thorough)
        return;
    piece->flags = is_lazy ? range->flags : 0;
    piece->kind = ask_page(piece->start, &piece->protection);
    while (page < piece->end && ask_page(page, &protection) == piece->kind && protection == piece->protection)
        page += STUB_PAGE;
    piece->end = page;
    if (!is_lazy && piece->kind == MAPS_IMAGE)
        piece->kind = MAPS_OTHER; /* a file of the program's */
}

/* ---- pieces ---- */

static bool is_of_image(const struct image_resident *resident, const struct maps_vma *vma)
{
    return !vma->shared && vma->inode == resident->inode && vma->device_major == resident->device_major &&
           vma->device_minor == resident->device_minor;
}

static bool is_anonymous(const struct maps_vma *vma)
{
    return !vma->shared && vma->inode == 0 && vma->device_major == 0 && vma->device_minor == 0;
}

/* Does the page at the address come from the place in the file from which the range was mapped? */
static bool is_as_launched(const struct maps_vma *vma, const struct image_lazy_range *range, uint64_t address)
{
    return vma->offset + (address - vma->start) == range->image_page * STUB_PAGE + (address - range->address);
}

static void classify(const struct image_resident *resident, const struct maps_vma *vma,
                     const struct image_lazy_range *range, struct maps_piece *piece)
{
    if (vma->start > piece->start) {
        piece->end = least(vma->start, piece->end);
        return;
    }
    piece->end = least(vma->end, piece->end);
    piece->protection = vma->protection;
    piece->kind = is_anonymous(vma) ? MAPS_ANONYMOUS : MAPS_OTHER;
    if (is_of_image(resident, vma) && range != NULL) { /* the program's files are in the image as well */
        bool is_lazy = range->address <= piece->start && is_as_launched(vma, range, piece->start);

        piece->kind = is_lazy ? MAPS_IMAGE : MAPS_OTHER;
        piece->end = least(piece->end, range->address <= piece->start ? range->address + range->length : range->address);
        piece->flags = is_lazy ? range->flags : 0;
    }
    piece->ends_vma = piece->end == vma->end;
}

void maps_next(struct maps *maps, uint64_t from, uint64_t limit, struct maps_piece *ret_piece)
{
    const struct image_resident *resident = maps->resident;
    const struct image_lazy_range *range = lazy_range_from(resident->ranges, resident->range_count, from);
    struct maps_vma vma;
    int found = 0;

    *ret_piece = (struct maps_piece){.start = from, .end = limit, .kind = MAPS_HOLE};
    if (maps->way != MAPS_BLIND)
        found = maps_find(maps, from, &vma);
    if (failed(found))
        maps->way = MAPS_BLIND;
    if (maps->way == MAPS_BLIND)
        next_blind(range, maps->thorough, ret_piece);
    else if (found > 0)
        classify(resident, &vma, range, ret_piece);
}

/* ---- opening ---- */

static void forget_text(struct maps *maps)
{
    maps->have_vma = false;
    maps->text.used = maps->text.next = 0;
    maps->text.ended = maps->text.skipping = false;
}

/* The kernel's own answer, where the program that asks may have a /proc of its own but sees none. */
static int64_t open_detached(void)
{
    int64_t mount, fd = -ABI_ENOENT, context = syscall2(NR_fsopen, STUB_ADDRESS("proc"), FSOPEN_CLOEXEC);

    if (failed(context))
        return context;
    mount = syscall5(NR_fsconfig, (uint64_t)context, FSCONFIG_CMD_CREATE, 0, 0, 0);
    if (!failed(mount))
        mount = syscall3(NR_fsmount, (uint64_t)context, FSMOUNT_CLOEXEC, 0);
    if (!failed(mount)) {
        fd = syscall4(NR_openat, (uint64_t)mount, STUB_ADDRESS("thread-self/maps"), ABI_O_RDONLY | ABI_O_CLOEXEC, 0);
        sys_close((int)mount);
    }
    sys_close((int)context);
    return fd;
}

int maps_open(struct maps *maps, const struct image_resident *resident)
{
    int64_t fd = sys_open(MAPS_PATH, ABI_O_RDONLY | ABI_O_CLOEXEC);

    if (fd == -ABI_ENOENT)
        fd = MAPS_OPEN_DETACHED();
    maps->resident = resident;
    maps->way = failed(fd) ? MAPS_BLIND : MAPS_QUERY;
    maps->fd = (int)fd;
    maps->thorough = false;
    forget_text(maps);
    return fd == -ABI_EMFILE || fd == -ABI_ENFILE ? (int)fd : 0;
}

void maps_rewind(struct maps *maps)
{
    if (maps->way == MAPS_TEXT)
        sys_lseek(maps->fd, 0);
    forget_text(maps);
}

void maps_close(struct maps *maps)
{
    if (maps->fd >= 0)
        sys_close(maps->fd);
}
