// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

static void close_object(struct stub_state *state)
{
    if (state->object_fd != STUB_NO_FD)
        sys_close(state->object_fd);
    state->object_fd = STUB_NO_FD;
}

/* Shared anonymous memory that is mapped more than once. */
static int64_t make_object(struct stub_state *state, const struct image_memory_op *op)
{
    int64_t fd = sys_memfd_create("shared", ABI_MFD_CLOEXEC);

    close_object(state);
    if (is_error(fd))
        return fd;
    state->object_fd = (int)fd;
    return sys_ftruncate(state->object_fd, op->length);
}

static int64_t map(const struct image_memory_op *op, uint32_t flags, int fd, uint64_t offset)
{
    return sys_mmap(op->address, op->length, op->protection, flags | op->flags | ABI_MAP_FIXED, fd, offset);
}

/* Its contents may vanish at any time anyway, so ordinary memory is a correct substitute on kernels before 6.11. */
static int64_t map_droppable(const struct image_memory_op *op)
{
    int64_t result = map(op, ABI_MAP_DROPPABLE | ABI_MAP_ANONYMOUS, -1, 0);

    if (is_error(result))
        result = map(op, ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
    return result;
}

/* Guard pages on kernels before 6.13: no access at all has the same effect. */
static int64_t advise(const struct image_memory_op *op)
{
    int64_t result = sys_madvise(op->address, op->length, op->argument);

    if (result == -ABI_EINVAL && op->argument == ABI_MADV_GUARD_INSTALL)
        result = sys_mprotect(op->address, op->length, 0);
    return result;
}

/*
 * Bytes of the image are read straight to their place. Filling the pages beforehand (MADV_POPULATE_WRITE) makes it no
 * faster: 256 MiB take 1.5 us of processor time a page either way. Pieces that follow each other in the image, as the
 * planner lays them, are one call.
 */
static void finish_reading(struct stub_state *state)
{
    struct stub_reading *reading = &state->reading;
    int64_t count = 0;

    if (reading->count > 0)
        count = sys_preadv(state->image_fd, reading->pieces, reading->count, reading->offset);
    if (count != (int64_t)reading->length) { /* one by one: goes on after short reads, says what is wrong */
        for (uint32_t i = 0; i < reading->count; i++) {
            image_read(state, (void *)reading->pieces[i].address, reading->pieces[i].length, reading->offset);
            reading->offset += reading->pieces[i].length;
        }
    }
    reading->count = 0;
    reading->length = 0;
}

static int64_t read_later(struct stub_state *state, const struct image_memory_op *op)
{
    struct stub_reading *reading = &state->reading;

    if (reading->count == STUB_PIECES || op->offset != reading->offset + reading->length)
        finish_reading(state);
    if (reading->count == 0)
        reading->offset = op->offset;
    reading->pieces[reading->count++] = (struct abi_iovec){.address = op->address, .length = op->length};
    reading->length += op->length;
    return 0;
}

/* Advice on what is there already takes time for each page of it. */
static int64_t prefetch(struct stub_state *state, const struct image_memory_op *op)
{
    struct abi_cachestat_range last = {.offset = op->offset + op->length - STUB_PAGE, .length = STUB_PAGE};
    struct abi_cachestat found = {0};

    if (sys_cachestat(state->image_fd, &last, &found) == 0 && found.cached > 0)
        return 0;
    return sys_fadvise(state->image_fd, op->offset, op->length, ABI_POSIX_FADV_WILLNEED);
}

/* The policy says only where pages are best taken from. */
static int64_t set_policy(struct stub_state *state, const struct image_memory_op *op)
{
    int64_t result = sys_bind_memory(op->address, op->length, op->argument, &op->offset, 8 * sizeof(op->offset) + 1);

    if (is_error(result) && state->warned_policy++ == 0)
        stub_warn(state, "setting memory policy %x for nodes %x of the program's memory at %x: %e; that of this launch stays",
                  (uint64_t)op->argument, op->offset, op->address, result);
    return result;
}

static int64_t carry_out(struct stub_state *state, const struct image_memory_op *op)
{
    switch (op->kind) {
    case IMAGE_MEMORY_ANONYMOUS:
        return map(op, ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
    case IMAGE_MEMORY_SHARED:
        return map(op, ABI_MAP_SHARED | ABI_MAP_ANONYMOUS, -1, 0);
    case IMAGE_MEMORY_IMAGE:
        return map(op, ABI_MAP_PRIVATE, state->image_fd, op->offset);
    case IMAGE_MEMORY_PREFETCH:
        return prefetch(state, op);
    case IMAGE_MEMORY_LAZY:
        return lazy_map(state, op);
    case IMAGE_MEMORY_READ:
        return read_later(state, op);
    case IMAGE_MEMORY_PROTECT:
        return sys_mprotect(op->address, op->length, op->protection);
    case IMAGE_MEMORY_ADVISE:
        return advise(op);
    case IMAGE_MEMORY_LOCK:
        return sys_mlock2(op->address, op->length, op->argument);
    case IMAGE_MEMORY_SEAL:
        return sys_mseal(op->address, op->length);
    case IMAGE_MEMORY_FILE:
        return mapped_file_map(state, op);
    case IMAGE_MEMORY_OBJECT:
        return make_object(state, op);
    case IMAGE_MEMORY_OBJECT_MAP:
        return map(op, ABI_MAP_SHARED, state->object_fd, op->offset);
    case IMAGE_MEMORY_DESCRIPTOR_MAP:
        return map(op, 0, memory_file_descriptor(state, (int32_t)op->argument), op->offset);
    case IMAGE_MEMORY_SEGMENT:
        return segment_attach(state, op);
    case IMAGE_MEMORY_UNMAP:
        return sys_munmap(op->address, op->length);
    case IMAGE_MEMORY_NAME:
        return sys_prctl(ABI_PR_SET_VMA, ABI_PR_SET_VMA_ANON_NAME, op->address, op->length,
                         STUB_ADDRESS(plan_string(state->plan, op->offset)));
    case IMAGE_MEMORY_POLICY:
        return set_policy(state, op);
    default: /* IMAGE_MEMORY_DROPPABLE; plan_check() admits no other */
        return map_droppable(op);
    }
}

static const char *kind_words(uint32_t kind)
{
    if (memory_op_maps(kind))
        return "mapping";
    if (kind == IMAGE_MEMORY_OBJECT)
        return "making";
    if (kind == IMAGE_MEMORY_PROTECT)
        return "protecting";
    if (kind == IMAGE_MEMORY_LOCK)
        return "locking";
    return "setting up";
}

void memory_restore(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    lazy_prepare(state);
    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        int64_t result;

        if (op->kind != IMAGE_MEMORY_READ)
            finish_reading(state);
        result = carry_out(state, op);
        if (is_error(result) && op->optional == 0)
            stub_fail(state, "%s %u bytes of the program's memory at %x: %e", kind_words(op->kind), op->length,
                      op->address, result);
    }
    finish_reading(state);
    close_object(state);
}
