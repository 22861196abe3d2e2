/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "file_locks.h"

#include <errno.h>
#include <string.h>

static int refuse_lock(struct capture *capture, const struct open_file *file, const char *what)
{
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: descriptor %d is a file with %s (%s), which cannot be captured; release it, or go "
                  "without it by --allow file-lock", capture->pid, file->fd, what, file->path);
}

static bool can_be_locked_again(const struct open_file *file, uint32_t file_kind)
{
    return !file->standard && (file_kind == CKPT_FILE_REGULAR || file_kind == CKPT_FILE_DIRECTORY ||
                               file_kind == CKPT_FILE_DELETED || file_kind == CKPT_FILE_MEMFD);
}

int describe_locks(struct capture *capture, const struct open_file *file, uint32_t file_kind)
{
    const char *line = text_field((char *)file->info.data, "lock:");
    if (line && capture->request->allow & ALLOW_FILE_LOCK) {
        capture->allowed |= ALLOW_FILE_LOCK;
        return 0;
    }
    for (; line; line = strchr(line, '\n'), line = line ? text_field(line + 1, "lock:") : NULL) {
        struct ckpt_file_lock lock;
        int error = parse_lock(line, &lock);
        if (error == -ENOTSUP)
            return refuse_lock(capture, file, "a lease");
        if (error < 0 || !can_be_locked_again(file, file_kind))
            return refuse_lock(capture, file, error < 0 ? "a lock of an unknown kind" : "a lock held");
        lock.description = file->index;
        buffer_append(&capture->file_locks, &lock, sizeof(lock));
    }
    return 0;
}
