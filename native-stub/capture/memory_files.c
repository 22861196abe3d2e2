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

#include "deleted_files.h"
#include "mappings.h"
#include "outside.h"
#include "proc_files.h"
#include "segments.h"

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

/* What memfd_create was given; of a file that had a name its last part. */
static const char *own_name(const char *shown)
{
    size_t prefix = strlen(MEMFD_PREFIX);
    const char *last = strrchr(shown, '/');
    return strncmp(shown, MEMFD_PREFIX, prefix) == 0 ? shown + prefix : last ? last + 1 : shown;
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
    snprintf(files[count].name, sizeof(files[count].name), "%s", own_name(name));
    files[count].record.name = strings_add_text(&capture->strings, files[count].name);
    capture->memory_file_count++;
    return (int)count;
}

static bool is_memfd(const struct mapping *mapping)
{
    return strncmp(mapping->name, MEMFD_PREFIX, strlen(MEMFD_PREFIX)) == 0;
}

/* Shared mappings that make their file a memory file. What nobody writes to is in the image like any file. */
static bool makes_memory_file(const struct capture *capture, const struct mapping *mapping)
{
    const struct ckpt_mapping *record = &mapping->record;
    if (record->kind != CKPT_MAPPING_SHARED_FILE || !(record->flags & CKPT_VMA_DELETED) || is_performance_data(mapping->name))
        return false;
    return is_memfd(mapping) || is_segment(mapping) || record->flags & CKPT_VMA_MAY_WRITE ||
           writes_deleted_file(capture, mapping);
}

static int add_by_mapping(struct capture *capture, struct mapping *mapping)
{
    struct ckpt_mapping *record = &mapping->record;
    if (!makes_memory_file(capture, mapping))
        return 0;
    if (!is_memfd(mapping) && !is_segment(mapping) && find_other_name(capture, mapping))
        return 0;
    struct ckpt_memory_file identity = {.inode = record->inode, .dev_major = record->dev_major,
                                        .dev_minor = record->dev_minor};
    int index = memory_file_of(capture, &identity, -1, mapping->name);
    if (index < 0)
        return index;
    struct memory_file *file = &capture->memory_files[index];
    file->segment = is_segment(mapping);
    file->deleted_path = file->segment || is_memfd(mapping) ? NULL : mapping->name;
    return 0;
}

/* A file that is only mapped privately, and not open, cannot change any more: it counts as any deleted file. */
static void join_mapping(const struct capture *capture, struct mapping *mapping)
{
    struct ckpt_mapping *record = &mapping->record;
    bool file = record->kind == CKPT_MAPPING_SHARED_FILE || record->kind == CKPT_MAPPING_PRIVATE_FILE;
    struct ckpt_memory_file identity = {.inode = record->inode, .dev_major = record->dev_major,
                                        .dev_minor = record->dev_minor};
    int index = file && record->flags & CKPT_VMA_DELETED ? find_memory_file(capture, &identity) : -ENOENT;
    if (index >= 0)
        record->share_id = (uint32_t)index + 1;
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

/* Other links are reached by others; the mapping's own name is gone, so a launch would not find them. */
static int refuse_linked(struct capture *capture, const struct memory_file *file)
{
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: %s is mapped shared and has lost this name, but not its others, which cannot be captured; "
                  "unmap it before", capture->pid, file->deleted_path);
}

static int look_at_file(struct capture *capture, struct memory_file *file)
{
    struct stat status;
    int seals = fcntl(file->file, F_GET_SEALS);
    bool sealable = !file->deleted_path && !file->segment;
    if ((sealable && seals < 0) || fstat(file->file, &status) < 0)
        return refuse(capture->report, -errno, "looking at the memfd %s of process %d: %s",
                      file->name, capture->pid, strerror(errno));
    if (file->deleted_path && status.st_nlink)
        return refuse_linked(capture, file);
    file->record.size = (uint64_t)status.st_size;
    file->record.mode = status.st_mode;
    file->record.seals = sealable ? (uint32_t)seals : F_SEAL_SEAL;
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
    if (error == 0 && !file->segment && !cannot_change(file->record.seals))
        check_memory_elsewhere(capture, &object, file->deleted_path ? "the deleted file" : "the memfd",
                               file->deleted_path ? file->deleted_path : file->name);
    return error;
}

int open_memory_files(struct capture *capture)
{
    size_t said = capture->report->count;
    int error = 0;
    for (size_t i = 0; error == 0 && i < capture->mapping_count; i++)
        error = add_by_mapping(capture, &capture->mappings[i]);
    for (size_t i = 0; i < capture->mapping_count; i++)
        join_mapping(capture, &capture->mappings[i]);
    if (error == 0)
        error = settle_deleted_files(capture);
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
