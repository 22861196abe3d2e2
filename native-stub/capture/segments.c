/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "segments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include "memory_files.h"

#define PREFIX "/SYSV" /* and the key, eight digits */
#define PERMISSIONS 0777u

bool is_segment(const struct mapping *mapping)
{
    const char *key = mapping->name + strlen(PREFIX);
    return mapping->record.flags & CKPT_VMA_DELETED && mapping->record.dev_major == 0 &&
           strncmp(mapping->name, PREFIX, strlen(PREFIX)) == 0 && strlen(key) == 8 && strspn(key, "0123456789abcdef") == 8;
}

static int refuse_segment(struct capture *capture, const struct memory_file *file, const char *what)
{
    return refuse(capture->report, -ENOTSUP, "capturing process %d: its System V shared memory %d (%s) %s", capture->pid,
                  (int)file->record.inode, file->name, what);
}

/* Each mapping counts as one attachment (ipc/shm.c, shm_open). */
static uint64_t count_views(const struct capture *capture, size_t index)
{
    uint64_t views = 0;
    for (size_t i = 0; i < capture->mapping_count; i++)
        views += is_view_of(&capture->mappings[i], index);
    return views;
}

/* Whether the views show all of it, when nothing else tells what it holds. */
static bool is_seen_whole(const struct capture *capture, size_t index, uint64_t size)
{
    uint64_t seen = 0;
    for (bool found = true; found && seen < size; ) {
        found = false;
        for (size_t i = 0; i < capture->mapping_count; i++) {
            const struct ckpt_mapping *record = &capture->mappings[i].record;
            uint64_t end = record->file_offset + (record->end - record->start);
            if (!is_view_of(&capture->mappings[i], index) || record->file_offset > seen || end <= seen)
                continue;
            seen = end;
            found = true;
        }
    }
    return seen >= size;
}

/* One that lives by its attachments only is made anew by a launch; the others stay what they are, shared with whom they are. */
static int check_sharing(struct capture *capture, size_t index, const struct shmid_ds *status)
{
    if (!(status->shm_perm.mode & SHM_DEST) || status->shm_nattch <= count_views(capture, index))
        return 0;
    if (capture->request->allow & ALLOW_SHARED_MEMORY) {
        capture->allowed |= ALLOW_SHARED_MEMORY;
        return 0;
    }
    return refuse_segment(capture, &capture->memory_files[index],
                          "is marked to be destroyed and shared with another process, and a launch would not be; end that first, "
                          "or let the launch have its own copy by --allow shared-memory");
}

static int ask_segment(struct injector *injector, struct capture *capture, size_t index)
{
    struct memory_file *file = &capture->memory_files[index];
    uint64_t arguments[6] = {file->record.inode, IPC_STAT, injector->arguments};
    struct shmid_ds status;
    int64_t result;
    int error = inject_call(injector, &result, SYS_shmctl, arguments);
    if (error == 0 && result == 0)
        error = inject_read(injector, 0, &status, sizeof(status));
    if (error < 0)
        return error;
    if (result < 0)
        return refuse(capture->report, (int)result,
                      "asking process %d for its System V shared memory %d (%s): %s; it needs the right to read it and has to be in "
                      "its IPC namespace", capture->pid, (int)file->record.inode, file->name, strerror((int)-result));
    if (file->file < 0 && !is_seen_whole(capture, index, status.shm_segsz))
        return refuse_segment(capture, file, "is attached in part, and only root can read the rest; run ckpt as root");
    error = check_sharing(capture, index, &status);
    if (error < 0)
        return error;
    file->record.size = status.shm_segsz;
    file->record.seals = file->record.mode = 0;
    struct ckpt_segment *segment = buffer_extend(&capture->segments, sizeof(*segment));
    if (!segment)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    *segment = (struct ckpt_segment){
        .memory_file = (uint32_t)index, .id = (int32_t)file->record.inode,
        .key = (int32_t)strtoul(file->name + strlen(PREFIX) - 1, NULL, 16),
        .mode = status.shm_perm.mode & PERMISSIONS, .uid = status.shm_perm.uid, .gid = status.shm_perm.gid,
        .creator_uid = status.shm_perm.cuid, .creator_gid = status.shm_perm.cgid, .size = status.shm_segsz,
        .changed_s = (uint64_t)status.shm_ctime, .flags = status.shm_perm.mode & SHM_DEST ? CKPT_SEGMENT_DESTROYED : 0u,
    };
    return 0;
}

int ask_segments(struct injector *injector, struct capture *capture)
{
    for (size_t i = 0; i < capture->memory_file_count; i++) {
        int error = capture->memory_files[i].segment ? ask_segment(injector, capture, i) : 0;
        if (error < 0)
            return error;
    }
    if (capture->segments.size && capture->request->allow & ALLOW_MAPPED_COPY)
        capture->allowed |= ALLOW_MAPPED_COPY;
    return 0;
}
