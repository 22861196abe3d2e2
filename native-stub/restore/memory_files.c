// SPDX-License-Identifier: Apache-2.0
/*
 * Files that exist only in memory (memfd_create), which the program may have open, mapped or both.
 *
 * They are made with the other descriptors, with their contents, so that memory needs only to map them. Seals come when
 * memory is restored: they forbid what that needs.
 */
#include "restore/stub.h"

#define STATUS_FLAGS ((uint32_t)(ABI_O_APPEND | ABI_O_NONBLOCK | ABI_O_DIRECT | ABI_O_NOATIME)) /* what F_SETFL may change */
#define DESCRIPTOR_PATH "/proc/self/fd/"
#define PERMISSIONS 07777
#define EXECUTE_PERMISSIONS 0111

int memory_file_descriptor(const struct stub_state *state, int32_t number)
{
    return number >= 0 ? number : state->aside[IMAGE_ASIDE_FIRST - number];
}

static _Noreturn void fail(struct stub_state *state, const struct image_file_op *op, const char *doing, int64_t error)
{
    const char *name = op->path == 0 ? "" : plan_string(state->plan, op->path);

    if (op->fd >= 0)
        file_fail(state, op, doing, error);
    stub_fail(state, "%s: %e; the program has memory of /memfd:%s mapped", doing, error, name);
}

/* To the operation's number, or to one that nobody else wants. */
static void place(struct stub_state *state, const struct image_file_op *op, int64_t opened)
{
    int64_t aside;

    if (op->fd >= 0) {
        file_place(state, op, opened);
        return;
    }
    aside = image_duplicate_aside(state, (int)opened);
    if (is_error(aside))
        fail(state, op, "finding a descriptor for memory that it shares", aside);
    sys_close((int)opened);
    state->aside[IMAGE_ASIDE_FIRST - op->fd] = (int)aside;
}

static int64_t create(const char *name, uint32_t mode)
{
    const uint32_t flags = ABI_MFD_CLOEXEC | ABI_MFD_ALLOW_SEALING;
    int64_t fd = -ABI_EINVAL;

    if ((mode & EXECUTE_PERMISSIONS) != 0)
        fd = sys_memfd_create(name, flags | ABI_MFD_EXEC); /* asked for, where sysctl vm.memfd_noexec says otherwise */
    if (fd == -ABI_EINVAL)
        fd = sys_memfd_create(name, flags);
    if (fd == -ABI_EACCES)
        fd = sys_memfd_create(name, flags | ABI_MFD_NOEXEC_SEAL);
    return fd;
}

static void set_position(struct stub_state *state, const struct image_file_op *op, int fd)
{
    int64_t result = op->offset == 0 ? 0 : sys_lseek(fd, op->offset);

    if (is_error(result))
        fail(state, op, "seeking in a memfd", result);
}

/* Its status flags come when it is filled: behind O_APPEND nothing can be written at a place. */
void memory_file_make(struct stub_state *state, const struct image_file_op *op)
{
    const char *name = op->path == 0 ? "" : plan_string(state->plan, op->path);
    uint32_t mode = (uint32_t)op->values[1];
    int64_t result, fd;

    if (op->values[3] != 0 && !mapped_file_is_copied(state, op->fd)) {
        state->aside[IMAGE_ASIDE_FIRST - op->fd] = STUB_NO_FD;
        return;
    }
    fd = create(name, mode);
    if (is_error(fd))
        fail(state, op, "making a memfd", fd);
    result = sys_ftruncate((int)fd, op->values[0]);
    if (is_error(result))
        fail(state, op, "giving a memfd its size", result);
    if (mode != 0)
        sys_fchmod((int)fd, mode & PERMISSIONS); /* a seal of this machine may forbid it: a detail lost */
    set_position(state, op, (int)fd);
    place(state, op, fd);
}

/* Writing takes little more than half the time of reading into a mapping, which allocates page by page. */
static void write_bytes(struct stub_state *state, const struct image_file_op *op, int fd, uint64_t length)
{
    uint64_t done = 0;

    while (done < length) {
        uint64_t chunk = length - done < STUB_BUFFER_BYTES ? length - done : STUB_BUFFER_BYTES;
        int64_t count;

        image_read(state, state->buffer, chunk, op->values[1] + done);
        count = sys_pwrite(fd, state->buffer, chunk, op->values[0] + done);
        if (is_error(count) && count != -ABI_EINTR)
            fail(state, op, "bringing back the contents of a memfd", count);
        if (count > 0)
            done += (uint64_t)count;
    }
}

/* What stands behind the end of the file in its last page belongs to it as well; only a mapping reaches that. */
static void fill_last_page(struct stub_state *state, const struct image_file_op *op, int fd)
{
    uint64_t before = op->values[2] - STUB_PAGE;
    int64_t address = sys_mmap(0, STUB_PAGE, ABI_PROT_READ | ABI_PROT_WRITE, ABI_MAP_SHARED, fd, op->values[0] + before);

    if (is_error(address))
        fail(state, op, "mapping a memfd", address);
    image_read(state, (void *)address, STUB_PAGE, op->values[1] + before);
    sys_munmap((uint64_t)address, STUB_PAGE);
}

void memory_file_fill(struct stub_state *state, const struct image_file_op *op)
{
    int fd = memory_file_descriptor(state, op->fd);
    struct abi_stat stat;
    int64_t result = fd == STUB_NO_FD ? 0 : sys_fstat(fd, &stat);
    bool to_the_end;

    if (fd == STUB_NO_FD)
        return;
    if (is_error(result))
        fail(state, op, "looking at a memfd", result);
    to_the_end = (uint64_t)stat.size < op->values[0] + op->values[2];
    write_bytes(state, op, fd, op->values[2] - (to_the_end ? STUB_PAGE : 0));
    if (to_the_end)
        fill_last_page(state, op, fd);
}

void memory_file_reopen(struct stub_state *state, const struct image_file_op *op)
{
    int source = memory_file_descriptor(state, (int32_t)op->values[0]);
    struct stub_line path = {.length = 0};
    int64_t fd;

    line_append(&path, DESCRIPTOR_PATH "%d", (int64_t)source);
    path.bytes[path.length] = '\0';
    fd = sys_open(path.bytes, op->open_flags & (ABI_O_ACCMODE | STATUS_FLAGS | ABI_O_CLOEXEC));
    if (is_error(fd))
        fail(state, op, "opening a memfd a second time through /proc/self/fd", fd);
    set_position(state, op, (int)fd);
    place(state, op, fd);
}

/* A kernel that does not know F_SEAL_EXEC yet cannot set it: a detail lost. */
static void seal(struct stub_state *state, const struct image_file_op *op)
{
    int fd = memory_file_descriptor(state, op->fd);
    int64_t result = sys_fcntl(fd, ABI_F_ADD_SEALS, op->values[2]);

    if (result == -ABI_EINVAL && (op->values[2] & ABI_F_SEAL_EXEC) != 0)
        result = sys_fcntl(fd, ABI_F_ADD_SEALS, op->values[2] & ~(uint64_t)ABI_F_SEAL_EXEC);
    if (is_error(result))
        fail(state, op, "sealing a memfd", result);
}

void memory_files_finish(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if (op->kind == IMAGE_FILE_MEMFD && op->fd >= 0)
            sys_fcntl(op->fd, ABI_F_SETFL, op->open_flags & STATUS_FLAGS);
        if (op->kind == IMAGE_FILE_MEMFD && op->values[2] != 0 && memory_file_descriptor(state, op->fd) != STUB_NO_FD)
            seal(state, op);
    }
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        if ((op->kind == IMAGE_FILE_MEMFD || op->kind == IMAGE_FILE_MEMFD_OPEN) && op->fd < 0)
            sys_close(memory_file_descriptor(state, op->fd));
    }
}
