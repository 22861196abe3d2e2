/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "memory_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outside.h"
#include "proc_files.h"

static int out_of_memory(struct capture *capture)
{
    return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
}

/* ---- which there are ---- */

static int find_memory_file(const struct capture *capture, const struct ckpt_memory_file *identity)
{
    for (size_t i = 0; i < capture->memory_file_count; i++) {
        const struct ckpt_memory_file *record = &capture->memory_files[i].record;
        if (record->inode == identity->inode && record->dev_major == identity->dev_major &&
            record->dev_minor == identity->dev_minor)
            return (int)i;
    }
    return -ENOENT;
}

int memory_file_of(struct capture *capture, const struct ckpt_memory_file *identity, int fd, const char *name)
{
    int index = find_memory_file(capture, identity);
    if (index >= 0)
        return index;
    size_t count = capture->memory_file_count;
    struct memory_file *files = capture->memory_files;
    if ((count & (count + 1)) == 0) /* grows at powers of two */
        files = realloc(files, (count + 1) * 2 * sizeof(*files));
    if (!files)
        return out_of_memory(capture);
    capture->memory_files = files;
    files[count] = (struct memory_file){.record = *identity, .descriptor = fd, .file = -1};
    snprintf(files[count].name, sizeof(files[count].name), "%s", name + strlen(MEMFD_PREFIX));
    files[count].record.name = strings_add_text(&capture->strings, files[count].name);
    capture->memory_file_count++;
    return (int)count;
}

static bool is_memory_file(const struct mapping *mapping)
{
    return mapping->record.flags & CKPT_VMA_DELETED && strncmp(mapping->name, MEMFD_PREFIX, strlen(MEMFD_PREFIX)) == 0;
}

/* A file that is only mapped privately, and not open, cannot change any more: it counts as any deleted file. */
static int join_mapping(struct capture *capture, struct mapping *mapping, uint32_t kind)
{
    struct ckpt_mapping *record = &mapping->record;
    if (record->kind != kind || !is_memory_file(mapping))
        return 0;
    struct ckpt_memory_file identity = {.inode = record->inode, .dev_major = record->dev_major,
                                        .dev_minor = record->dev_minor};
    int index = kind == CKPT_MAPPING_SHARED_FILE ? memory_file_of(capture, &identity, -1, mapping->name)
                                                 : find_memory_file(capture, &identity);
    if (index >= 0)
        record->share_id = (uint32_t)index + 1;
    return index == -ENOMEM ? index : 0;
}

bool is_view_of(const struct mapping *mapping, size_t index)
{
    return mapping->record.kind == CKPT_MAPPING_SHARED_FILE && mapping->record.share_id == index + 1;
}

/* ---- opening them ---- */

/* What nobody can change may as well be a copy. */
static bool cannot_change(uint32_t seals)
{
    const uint32_t all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
    return (seals & all) == all;
}

/* A second opening has a position of its own. Where the file's mode forbids it the program's own is borrowed, of which
 * nothing may be changed. */
static void open_by_descriptor(const struct capture *capture, struct memory_file *file)
{
    file->file = open_proc(O_RDONLY | O_NONBLOCK, "%d/fd/%d", capture->pid, file->descriptor);
    if (file->file >= 0)
        return;
    file->file = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->descriptor, 0);
    file->borrowed = true;
}

static void open_by_mapping(const struct capture *capture, size_t index)
{
    struct memory_file *file = &capture->memory_files[index];
    for (size_t i = 0; i < capture->mapping_count && file->file < 0; i++) {
        const struct ckpt_mapping *record = &capture->mappings[i].record;
        if (is_view_of(&capture->mappings[i], index))
            file->file = open_proc(O_RDONLY | O_NONBLOCK, "%d/map_files/%llx-%llx", capture->pid,
                                   (unsigned long long)record->start, (unsigned long long)record->end);
    }
}

static int look_at_file(struct capture *capture, struct memory_file *file)
{
    struct stat status;
    int seals = fcntl(file->file, F_GET_SEALS);
    if (seals < 0 || fstat(file->file, &status) < 0)
        return refuse(capture->report, -errno, "looking at the memfd %s of process %d: %s",
                      file->name, capture->pid, strerror(errno));
    file->record.size = (uint64_t)status.st_size;
    file->record.mode = status.st_mode;
    file->record.seals = (uint32_t)seals;
    return 0;
}

static int open_memory_file(struct capture *capture, size_t index)
{
    struct memory_file *file = &capture->memory_files[index];
    struct shared_object object = {file->record.inode, file->record.dev_major, file->record.dev_minor, 0};
    int error = 0;
    if (file->descriptor >= 0)
        open_by_descriptor(capture, file);
    else
        open_by_mapping(capture, index);
    if (file->file >= 0)
        error = look_at_file(capture, file);
    else if (file->descriptor >= 0)
        error = refuse(capture->report, -EACCES, "reading the memfd %s (descriptor %d of process %d): %s", file->name,
                       file->descriptor, capture->pid, strerror(errno));
    for (size_t i = 0; i < capture->mapping_count; i++)
        if (is_view_of(&capture->mappings[i], index))
            capture->mappings[i].ask_pages = file->file < 0;
    if (error == 0 && !cannot_change(file->record.seals))
        check_memory_elsewhere(capture, &object, "the memfd", file->name);
    return error;
}

int open_memory_files(struct capture *capture)
{
    size_t said = capture->report->count;
    int error = 0;
    for (size_t i = 0; error == 0 && i < capture->mapping_count; i++)
        error = join_mapping(capture, &capture->mappings[i], CKPT_MAPPING_SHARED_FILE);
    for (size_t i = 0; error == 0 && i < capture->mapping_count; i++)
        error = join_mapping(capture, &capture->mappings[i], CKPT_MAPPING_PRIVATE_FILE);
    for (size_t i = 0; error == 0 && i < capture->memory_file_count; i++)
        error = open_memory_file(capture, i);
    return error == 0 && capture->report->count > said ? -ENOTSUP : error;
}

void append_memory_files(struct capture *capture)
{
    for (size_t i = 0; i < capture->memory_file_count; i++)
        buffer_append(&capture->memory_files_section, &capture->memory_files[i].record, sizeof(struct ckpt_memory_file));
}

void release_memory_files(struct capture *capture)
{
    for (size_t i = 0; i < capture->memory_file_count; i++)
        close_descriptor(&capture->memory_files[i].file);
    free(capture->memory_files);
    buffer_free(&capture->memory_files_section);
    buffer_free(&capture->file_extents);
}
