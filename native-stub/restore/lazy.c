// SPDX-License-Identifier: Apache-2.0
/*
 * Lazy memory at launch: the record for the handler of intercepted calls, and the mappings. Where the kernel cannot be
 * asked what is mapped, since there is no /proc, the same memory is read at once instead: then nothing is lazy, and the
 * handler lets every call pass.
 */
#include "restore/stub.h"

#include "restore/intercept.h"
#include "restore/lazy_ranges.h"
#include "restore/maps.h"

static bool is_wanted(const struct image_plan *plan)
{
    return plan->lazy_ranges.count > 0 || plan->coverage != 0; /* the second: calls are routed here already */
}

static void make(struct stub_state *state, const char *what, uint64_t address, uint64_t length)
{
    int64_t result = sys_mmap(address, length, ABI_PROT_READ | ABI_PROT_WRITE,
                              ABI_MAP_FIXED_NOREPLACE | ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE, -1, 0);

    if (is_error(result))
        stub_fail(state, "mapping %u bytes at %x for the %s of lazy memory: %e", length, address, what, result);
}

/* Bits of all ranges, in whole pages. */
static uint64_t bitmap_bytes(const struct image_plan *plan)
{
    const struct image_lazy_range *last = plan_at(plan, plan->lazy_ranges.offset);

    last += plan->lazy_ranges.count - 1; /* first_page rises with the address: plan_check() has seen to it */
    return ((last->first_page + last->length / STUB_PAGE + 7) / 8 + STUB_PAGE - 1) & ~(STUB_PAGE - 1);
}

void lazy_prepare(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint64_t count = plan->lazy_ranges.count;
    struct image_resident *resident = (struct image_resident *)(state->slot + IMAGE_RESIDENT);

    if (!is_wanted(plan))
        return;
    make(state, "record", state->slot + IMAGE_RESIDENT, intercept_record_bytes(count));
    resident->magic = IMAGE_RESIDENT_MAGIC_U64;
    resident->slot = state->slot;
    resident->intercept = STUB_ADDRESS(undump_intercept);
    resident->text_end = STUB_ADDRESS(undump_text_end);
    if (count == 0)
        return;
    make(state, "bitmap", state->slot + IMAGE_DONE_BITS, bitmap_bytes(plan));
    resident->range_count = count;
    memcpy(resident->ranges, plan_at(plan, plan->lazy_ranges.offset), count * sizeof(resident->ranges[0]));
}

/* What /proc/self/maps says of the first lazy mapping. The numbers of fstat() are others on some file systems. */
static bool learn_image(const struct image_memory_op *op, struct image_resident *resident)
{
    struct maps maps;
    struct maps_vma vma;
    bool known = maps_open(&maps, resident) == 0 && maps.way != MAPS_BLIND &&
                 maps_find(&maps, op->address, &vma) > 0 && vma.start <= op->address && !vma.shared && vma.inode != 0;

    maps_close(&maps);
    if (!known)
        return false;
    resident->device_major = vma.device_major;
    resident->device_minor = vma.device_minor;
    resident->inode = vma.inode;
    __atomic_store_n(&resident->active, 1, __ATOMIC_RELEASE);
    return true;
}

static int64_t map_at(const struct image_memory_op *op, uint32_t protection, uint32_t flags, int fd)
{
    return sys_mmap(op->address, op->length, protection, flags | op->flags | ABI_MAP_FIXED | ABI_MAP_PRIVATE, fd,
                    fd < 0 ? 0 : op->offset);
}

static int64_t read_at_once(struct stub_state *state, const struct image_memory_op *op)
{
    int64_t result = map_at(op, op->protection | ABI_PROT_WRITE, ABI_MAP_ANONYMOUS, -1);

    if (is_error(result))
        return result;
    image_read(state, (void *)op->address, op->length, op->offset);
    return (op->protection & ABI_PROT_WRITE) != 0 ? 0 : sys_mprotect(op->address, op->length, op->protection);
}

/* A private mapping of a file is in a core dump only when it has memory of its own (anon_vma): so its first page gets some. */
static int64_t touch(const struct image_memory_op *op)
{
    volatile uint8_t *first = (volatile uint8_t *)op->address;
    bool is_writable = (op->protection & (ABI_PROT_READ | ABI_PROT_WRITE)) == (ABI_PROT_READ | ABI_PROT_WRITE);
    int64_t result = is_writable ? 0 : sys_mprotect(op->address, op->length, ABI_PROT_READ | ABI_PROT_WRITE);

    if (is_error(result))
        return result;
    *first = *first;
    return is_writable ? 0 : sys_mprotect(op->address, op->length, op->protection);
}

/* plan_check() has seen to it that the range is this mapping and no other. */
static void note_place(struct image_resident *resident, const struct image_memory_op *op)
{
    const struct image_lazy_range *range = lazy_range_from(resident->ranges, resident->range_count, op->address);

    resident->ranges[range - resident->ranges].image_page = (uint32_t)(op->offset / STUB_PAGE);
}

int64_t lazy_map(struct stub_state *state, const struct image_memory_op *op)
{
    struct image_resident *resident = (struct image_resident *)(state->slot + IMAGE_RESIDENT);
    int64_t result;

    if (state->lazy_is_off)
        return read_at_once(state, op);
    result = map_at(op, op->protection, 0, state->image_fd);
    if (is_error(result))
        return result;
    if (resident->active == 0 && !learn_image(op, resident)) {
        state->lazy_is_off = true;
        return read_at_once(state, op);
    }
    note_place(resident, op);
    return touch(op);
}
