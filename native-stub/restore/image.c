// SPDX-License-Identifier: Apache-2.0
/* The image as a file, held against the plan that the kernel loaded from it. */
#include "restore/stub.h"

static bool wants_fd(const struct image_file_op *op, int fd)
{
    if (file_op_has_second_end(op->kind) && (int32_t)op->values[0] == fd)
        return true;
    return op->fd == fd;
}

static bool fd_is_planned(const struct stub_state *state, int fd)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if (wants_fd(op, fd))
            return true;
    }
    return false;
}

/* Numbers are small almost always; a large one makes the kernel enlarge its table. Returns one that the plan has no use
 * for: the first below 64 or, as the second choice, the first behind all that it uses. Never a standard one, so that
 * closed ones stay closed. */
static int64_t unplanned_fd(const struct image_plan *plan, bool second_choice)
{
    uint64_t small = 7; /* bit n: n is planned */
    int64_t behind = 3;

    for_each_record(op, image_file_op, plan, plan->file_ops) {
        int64_t numbers[2] = {op->fd, file_op_has_second_end(op->kind) ? (int32_t)op->values[0] : -1};

        for (uint32_t i = 0; i < 2; i++) {
            if (numbers[i] >= 0 && numbers[i] < 64)
                small |= UINT64_C(1) << numbers[i];
            if (numbers[i] >= behind)
                behind = numbers[i] + 1;
        }
    }
    if (second_choice || small == UINT64_MAX)
        return behind;
    return __builtin_ctzll(~small);
}

/* Duplicates fd to a number that is free and that the plan has no use for. Returns it or -errno. */
int image_duplicate_aside(const struct stub_state *state, int fd)
{
    int64_t aside = sys_fcntl(fd, ABI_F_DUPFD_CLOEXEC, (uint64_t)unplanned_fd(state->plan, false));

    if (!is_error(aside) && !fd_is_planned(state, (int)aside))
        return (int)aside;
    if (!is_error(aside))
        sys_close((int)aside); /* the launch has the first choice in use, and what follows is planned */
    aside = sys_fcntl(fd, ABI_F_DUPFD_CLOEXEC, (uint64_t)unplanned_fd(state->plan, true));
    if (!is_error(aside))
        return (int)aside;
    for (aside = 3;; aside++) { /* the plan goes up to the limit of descriptors: look for a gap */
        while (fd_is_planned(state, (int)aside))
            aside++;
        aside = sys_fcntl(fd, ABI_F_DUPFD_CLOEXEC, (uint64_t)aside);
        if (is_error(aside) || !fd_is_planned(state, (int)aside))
            return (int)aside;
        sys_close((int)aside);
    }
}

void image_read(struct stub_state *state, void *to, uint64_t length, uint64_t offset)
{
    uint8_t *next = to;

    while (length > 0) {
        int64_t count = sys_pread(state->image_fd, next, length, offset);

        if (count == -ABI_EINTR)
            continue;
        if (is_error(count))
            stub_fail(state, "reading %u bytes of the image at offset %u: %e", length, offset, count);
        if (count == 0)
            stub_fail(state, "the image is truncated: it ends before offset %u", offset + length);
        next += count;
        offset += (uint64_t)count;
        length -= (uint64_t)count;
    }
}

#define PLAN_FINGERPRINT 128 /* bytes at its start: sizes, checksums and id are among them */

static const struct abi_program_header *plan_segment(const struct stub_state *state)
{
    const struct image_head *head = (const struct image_head *)state->buffer;

    for (uint32_t i = 0; i < head->elf.program_header_count; i++) {
        const struct abi_program_header *segment = &head->segments[i];

        if (segment->type == ABI_PT_LOAD && segment->address == STUB_ADDRESS(state->plan))
            return segment;
    }
    return NULL;
}

/* Does the opened file hold the plan that the kernel loaded? */
static bool is_this_image(struct stub_state *state)
{
    const struct abi_program_header *segment = plan_segment(state);
    uint8_t bytes[PLAN_FINGERPRINT];

    _Static_assert(offsetof(struct image_plan, image_id) + 16 <= PLAN_FINGERPRINT, "the id is part of it");
    if (segment == NULL || segment->file_size < sizeof(struct image_plan))
        return false;
    image_read(state, bytes, sizeof(bytes), segment->offset);
    return memcmp(bytes, state->plan, sizeof(bytes)) == 0;
}

/* Bytes that the loader mapped from the plan's start on, without a gap. */
static uint64_t mapped_plan_bytes(const struct stub_state *state)
{
    const struct image_head *head = (const struct image_head *)state->buffer;
    uint64_t start = STUB_ADDRESS(state->plan);
    uint64_t end = start;

    for (uint32_t i = 0; i < head->elf.program_header_count; i++) {
        const struct abi_program_header *segment = &head->segments[i];

        if (segment->type == ABI_PT_LOAD && segment->address == end && segment->file_size <= IMAGE_SLOT_SIZE)
            end += (segment->file_size + STUB_PAGE - 1) & ~(STUB_PAGE - 1);
    }
    return end - start;
}

static void check_identity(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint8_t id[sizeof(plan->image_id)];

    image_read(state, id, sizeof(id), plan->id_offset);
    if (memcmp(id, plan->image_id, sizeof(id)) != 0)
        stub_fail(state, "the file that was opened as the image is not this image; launch it by a path that leads to it");
}

void image_check_plan(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    struct plan_surroundings around = {.slot = state->slot};
    struct plan_fault fault;

    if (!is_this_image(state))
        image_open_own(state);
    around.image_size = state->image_size;
    around.plan_bytes = mapped_plan_bytes(state);
    if (plan_check_head(plan, &around, &fault) < 0)
        stub_fail(state, "the image is damaged or of another release: %s, %s", fault.where, fault.what);
    if (plan->image_size > around.image_size)
        stub_fail(state, "the image is truncated: the file has %u bytes, it was written with %u", around.image_size,
                  plan->image_size);
    if (!plan_sums_match(plan, machine_has_crc(state)))
        stub_fail(state, "the image is damaged: the checksum of its plan is wrong");
    if (plan_check(plan, &around, &fault) < 0)
        stub_fail(state, "the image is damaged: %s %u has a bad %s", fault.where, fault.index, fault.what);
    check_identity(state);
}

/* To a number that no file operation wants. */
void image_move_aside(struct stub_state *state)
{
    int aside = image_duplicate_aside(state, state->image_fd);

    if (is_error(aside))
        stub_fail(state, "finding a descriptor for the image: %e", (int64_t)aside);
    sys_close(state->image_fd);
    state->image_fd = aside;
}
