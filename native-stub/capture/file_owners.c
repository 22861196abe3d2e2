/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "file_owners.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Finds out whether the owner is the program, one of its threads or its group. */
static bool is_own(const struct capture *capture, const struct f_owner_ex *owner, struct ckpt_file_owner *ret)
{
    ret->kind = (uint32_t)owner->type;
    switch (owner->type) {
    case F_OWNER_PID:
        return owner->pid == capture->pid;
    case F_OWNER_PGRP:
        return (uint32_t)owner->pid == capture->process.group_id;
    case F_OWNER_TID:
        for (size_t i = 0; i < capture->thread_count; i++)
            if (capture->threads[i].tid == owner->pid) {
                ret->tid = capture->threads[i].record.own_tid;
                return true;
            }
        return false;
    default:
        return false;
    }
}

/* What the launch brings along may be set up for others; that is none of the program's. */
static bool comes_along(const struct open_file *file, const struct ckpt_description *record)
{
    return file->standard || record->flags & CKPT_DESCRIPTION_OUTSIDE;
}

static int note_owner(struct capture *capture, const struct open_file *file, const struct ckpt_description *record,
                      const struct f_owner_ex *owner, int signal)
{
    struct ckpt_file_owner found = {.description = file->index, .kind = CKPT_OWNER_NOBODY, .signal = (uint32_t)signal};
    if (owner->pid == 0 && signal == 0 && !(record->open_flags & O_ASYNC))
        return 0;
    if (S_ISDIR(record->mode))
        return refuse_file(capture, file, "a directory whose changes are signalled (F_NOTIFY)", "take that back, and close it, before");
    if (owner->pid == 0 || is_own(capture, owner, &found)) {
        buffer_append(&capture->file_owners, &found, sizeof(found));
        return 0;
    }
    if (comes_along(file, record))
        return 0;
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: descriptor %d sends its signals to another process, %d (%s), which cannot be captured; set "
                  "its owner (F_SETOWN) to the program itself before", capture->pid, file->fd, owner->pid, file->path);
}

/* Regular files have no signals of their own, and a lease is told among the locks. */
static bool may_have_owner(const struct ckpt_description *record)
{
    return !(record->open_flags & O_PATH) && (record->open_flags & O_ASYNC || !S_ISREG(record->mode));
}

int describe_owner(struct capture *capture, const struct open_file *file, const struct ckpt_description *record)
{
    struct f_owner_ex owner = {0};
    if (!may_have_owner(record))
        return 0;
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    if (fd < 0)
        return refuse(capture->report, -errno, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid,
                      file->path, strerror(errno));
    if (fcntl(fd, F_GETOWN_EX, &owner) < 0)
        return refuse(capture->report, -errno, "reading whom descriptor %d of process %d signals (%s): %s", file->fd,
                      capture->pid, file->path, strerror(errno));
    int signal = fcntl(fd, F_GETSIG);
    return note_owner(capture, file, record, &owner, signal > 0 ? signal : 0);
}
