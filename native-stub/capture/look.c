/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "look.h"

#include <errno.h>
#include <fcntl.h>

const struct look NOTHING_THERE = {.taken = true};

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct look look_from(const struct stat *status)
{
    return (struct look){true, status->st_mode, status->st_dev, status->st_ino, (uint64_t)status->st_size,
                         nanoseconds(status->st_mtim), nanoseconds(status->st_ctim)};
}

bool means_missing(int error)
{
    return error == ENOENT || error == ENOTDIR || error == -ENOENT || error == -ENOTDIR;
}

int look_at(const char *path, bool at_link, struct look *ret)
{
    struct stat status;
    *ret = NOTHING_THERE;
    /* Without AT_NO_AUTOMOUNT the question could mount something that the program has not. */
    if (fstatat(AT_FDCWD, path, &status, AT_NO_AUTOMOUNT | (at_link ? AT_SYMLINK_NOFOLLOW : 0)) == 0)
        *ret = look_from(&status);
    else if (!means_missing(errno))
        return -errno;
    return 0;
}
