// SPDX-License-Identifier: Apache-2.0
/*
 * Files that the program shares by a mapping. Each is looked at before the point of no return, and again when it is mapped: it
 * has to be the very file, and to reach as far as memory did.
 */
#include "restore/stub.h"

static uint64_t birth_of(int fd)
{
    struct abi_statx stat = {.mask = 0};

    if (is_error(sys_statx(fd, ABI_STATX_BTIME, &stat)) || (stat.mask & ABI_STATX_BTIME) == 0)
        return 0;
    return (uint64_t)stat.birth.seconds * NANOSECONDS + stat.birth.nanoseconds;
}

/* Opens the file. Returns its descriptor, or -1 with what is wrong in the line. */
static int open_file(const struct stub_state *state, const struct image_mapped_file *file, struct stub_line *problem)
{
    const char *path = plan_string(state->plan, file->path);
    int64_t fd = sys_open(path, (file->open_flags & ABI_O_ACCMODE) | ABI_O_CLOEXEC | ABI_O_NONBLOCK | ABI_O_NOCTTY);
    struct abi_stat stat;
    uint64_t birth = 0;
    int64_t result = is_error(fd) ? 0 : sys_fstat((int)fd, &stat);

    problem->length = 0;
    if (is_error(fd))
        line_append(problem, "opening %s: %e", path, fd);
    else if (is_error(result))
        line_append(problem, "looking at %s: %e", path, result);
    else if (file->inode != 0 && stat.inode != file->inode)
        line_append(problem, "%s is another file by now (inode %u, it was %u)", path, stat.inode, file->inode);
    else if ((uint64_t)stat.size < file->size)
        line_append(problem, "%s has %d bytes, fewer than the %u that are needed", path, stat.size, file->size);
    else if (file->birth_ns != 0 && (birth = birth_of((int)fd)) != 0 && birth != file->birth_ns)
        line_append(problem, "%s is another file by now (made at second %u, it was %u)", path, birth / NANOSECONDS,
                    file->birth_ns / NANOSECONDS);
    if (problem->length == 0)
        return (int)fd;
    if (!is_error(fd))
        sys_close((int)fd);
    problem->bytes[problem->length < STUB_LINE_BYTES ? problem->length : STUB_LINE_BYTES - 1] = '\0';
    return -1;
}

static _Noreturn void give_up(struct stub_state *state, const struct stub_line *problem)
{
    stub_fail(state, "%s; the program has it mapped and shared (undump --allow mapped-copy lets a launch go on with a copy of that "
              "memory)", problem->bytes);
}

static uint64_t aside_number(const struct image_mapped_file *file)
{
    return (uint64_t)(IMAGE_ASIDE_FIRST - (int64_t)file->instead);
}

bool mapped_file_is_copied(const struct stub_state *state, int32_t aside)
{
    uint64_t number = (uint64_t)(IMAGE_ASIDE_FIRST - (int64_t)aside);

    return (state->copied[number / 64] >> number % 64 & 1) != 0;
}

/* Decides which are copies of the memory at the capture. */
void mapped_files_check(struct stub_state *state)
{
    for_each_record(file, image_mapped_file, state->plan, state->plan->mapped_files) {
        struct stub_line problem;
        int fd;

        if (file->instead == IMAGE_INSTEAD_BYTES)
            continue;
        fd = open_file(state, file, &problem);
        if (fd >= 0) {
            sys_close(fd);
            continue;
        }
        if (file->instead == IMAGE_INSTEAD_NOTHING)
            give_up(state, &problem);
        if (!mapped_file_is_copied(state, file->instead))
            stub_warn(state, "%s; the program goes on with a copy of that memory, which it shares with nobody", problem.bytes);
        state->copied[aside_number(file) / 64] |= UINT64_C(1) << aside_number(file) % 64;
    }
}

/* What lies under it shows the bytes of the capture; a file that is the same is better. */
int64_t mapped_file_map(struct stub_state *state, const struct image_memory_op *op)
{
    const struct image_mapped_file *files = plan_at(state->plan, state->plan->mapped_files.offset);
    const struct image_mapped_file *file = &files[op->argument];
    struct stub_line problem;
    int64_t result;
    int fd;

    if (file->instead < 0 && mapped_file_is_copied(state, file->instead))
        return sys_mmap(op->address, op->length, op->protection, ABI_MAP_SHARED | op->flags | ABI_MAP_FIXED,
                        memory_file_descriptor(state, file->instead), op->offset);
    fd = open_file(state, file, &problem);
    if (fd < 0 && file->instead == IMAGE_INSTEAD_BYTES)
        return 0;
    if (fd < 0)
        give_up(state, &problem);
    result = sys_mmap(op->address, op->length, op->protection, ABI_MAP_SHARED | op->flags | ABI_MAP_FIXED, fd, op->offset);
    sys_close(fd);
    return result;
}
