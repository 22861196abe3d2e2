// SPDX-License-Identifier: Apache-2.0
/*
 * Opens the image as a file and makes sure that nothing of what the kernel loaded from it is missing: pages of a
 * mapping behind the end of a truncated file are SIGBUS, and the rest of the stub lies in such pages itself.
 *
 * Rule for changes: this file, launch.c and main.c are linked into the first page of the stub (stub.lds), which is all
 * that a truncated image may rely on. So no call leads out of them before image_open() is done, and the texts are
 * arrays of this file, for the linker collects string literals elsewhere.
 */
#include "restore/stub.h"

#define TEXT static const char
#define LOOK_ANOTHER (-1000)   /* no error of the kernel has these numbers */
#define LOOK_TRUNCATED (-1001)

TEXT own_path[] = "/proc/self/exe";
TEXT is_another[] = "undump: the file that was opened as the image is not this image; launch it by a path that leads to it\n";
TEXT is_truncated[] = "undump: the image is truncated: the file ends before what its program headers speak of\n";

static _Noreturn void refuse(const char *line, uint64_t size)
{
    sys_write(2, line, size - 1);
    sys_exit_group(IMAGE_EXIT_STATUS);
}

/* Returns 0, LOOK_ANOTHER or LOOK_TRUNCATED. */
static int64_t read_head(int fd, uint64_t size, struct image_head *head)
{
    const struct abi_elf_header *elf = &head->elf;
    uint64_t table;

    if (sys_pread(fd, &head->elf, sizeof(head->elf), 0) != sizeof(head->elf))
        return LOOK_TRUNCATED;
    table = elf->program_header_count * sizeof(struct abi_program_header);
    if (elf->ident[0] != 0x7f || elf->ident[1] != 'E' || elf->program_header_count > PROGRAM_HEADERS_LIMIT ||
        elf->program_header_size != sizeof(struct abi_program_header))
        return LOOK_ANOTHER;
    if (sys_pread(fd, head->segments, table, elf->program_headers) != (int64_t)table)
        return LOOK_TRUNCATED;
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        const struct abi_program_header *segment = &head->segments[i];

        if (segment->type == ABI_PT_LOAD && (segment->offset > size || segment->file_size > size - segment->offset))
            return LOOK_TRUNCATED;
    }
    return 0;
}

/* Opens what should be the image and reads its head into the buffer. Returns 0, LOOK_* or -errno with nothing open. */
static int64_t look(struct stub_state *state, const char *path)
{
    struct image_head *head = (struct image_head *)state->buffer;
    int64_t result, fd = sys_open(path, ABI_O_RDONLY | ABI_O_CLOEXEC | ABI_O_NONBLOCK);
    struct abi_stat stat;

    _Static_assert(sizeof(*head) <= sizeof(state->buffer), "program headers fit the buffer");
    if (is_error(fd))
        return fd;
    result = sys_fstat((int)fd, &stat);
    if (!is_error(result))
        result = read_head((int)fd, (uint64_t)stat.size, head);
    if (result != 0) {
        sys_close((int)fd);
        return result;
    }
    state->image_fd = (int)fd;
    state->image_size = (uint64_t)stat.size;
    return 0;
}

static void refuse_what_was_seen(struct stub_state *state, int64_t result)
{
    if (result == LOOK_TRUNCATED)
        refuse(is_truncated, sizeof(is_truncated));
    if (result == LOOK_ANOTHER)
        refuse(is_another, sizeof(is_another));
    if (result != 0) /* a file that cannot be looked at is taken to be whole */
        stub_fail(state, "opening the image itself: %e; without /proc it must be launched by a path that can be read", result);
}

/* By name first: a first look into /proc costs ten times as much. Whether the name still leads to this image,
 * image_check_plan() finds out. A program with more rights than its caller does not trust the caller's name at all. */
void image_open(struct stub_state *state)
{
    bool by_name_allowed = state->launch.file_name != NULL && !state->launch.secure;
    int64_t by_name = by_name_allowed ? look(state, state->launch.file_name) : -ABI_ENOENT;
    int64_t result = by_name == 0 ? 0 : look(state, own_path);

    if (is_error(result) && !is_error(by_name))
        result = by_name; /* no /proc: what the name leads to is what there is */
    refuse_what_was_seen(state, result);
}

/* The name led to another file. */
void image_open_own(struct stub_state *state)
{
    int64_t result;

    sys_close(state->image_fd);
    result = look(state, own_path);
    if (is_error(result))
        result = LOOK_ANOTHER;
    refuse_what_was_seen(state, result);
}
