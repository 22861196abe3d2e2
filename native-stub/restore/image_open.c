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

TEXT own_path[] = "/proc/self/exe";
TEXT is_another[] = "undump: the file that was opened as the image is not this image; launch it by a path that leads to it\n";
TEXT is_truncated[] = "undump: the image is truncated: the file ends before what its program headers speak of\n";

static _Noreturn void refuse(const char *line, uint64_t size)
{
    sys_write(2, line, size - 1);
    sys_exit_group(IMAGE_EXIT_STATUS);
}

static void read_or_refuse(const struct stub_state *state, void *to, uint64_t size, uint64_t offset)
{
    if (sys_pread(state->image_fd, to, size, offset) != (int64_t)size)
        refuse(is_truncated, sizeof(is_truncated));
}

static void read_head(const struct stub_state *state, struct image_head *head)
{
    const struct abi_elf_header *elf = &head->elf;

    read_or_refuse(state, &head->elf, sizeof(head->elf), 0);
    if (elf->ident[0] != 0x7f || elf->ident[1] != 'E' || elf->program_header_count > PROGRAM_HEADERS_LIMIT ||
        elf->program_header_size != sizeof(struct abi_program_header))
        refuse(is_another, sizeof(is_another));
    read_or_refuse(state, head->segments, elf->program_header_count * sizeof(struct abi_program_header),
                   elf->program_headers);
}

static void check_whole(const struct stub_state *state, const struct image_head *head)
{
    for (uint32_t i = 0; i < head->elf.program_header_count; i++) {
        const struct abi_program_header *segment = &head->segments[i];

        if (segment->type == ABI_PT_LOAD && (segment->offset > state->image_size ||
                                             segment->file_size > state->image_size - segment->offset))
            refuse(is_truncated, sizeof(is_truncated));
    }
}

void image_open(struct stub_state *state)
{
    struct image_head *head = (struct image_head *)state->buffer;
    struct abi_stat stat;
    int64_t fd = sys_open(own_path, ABI_O_RDONLY | ABI_O_CLOEXEC);

    _Static_assert(sizeof(*head) <= sizeof(state->buffer), "program headers fit the buffer");
    if (is_error(fd) && state->launch.file_name != NULL)
        fd = sys_open(state->launch.file_name, ABI_O_RDONLY | ABI_O_CLOEXEC);
    if (is_error(fd)) /* a file that cannot be looked at is taken to be whole */
        stub_fail(state, "opening the image itself: %e; without /proc it must be launched by a path that can be read", fd);
    if (is_error(sys_fstat((int)fd, &stat)))
        refuse(is_truncated, sizeof(is_truncated));
    state->image_fd = (int)fd;
    state->image_size = (uint64_t)stat.size;
    read_head(state, head);
    check_whole(state, head);
}
