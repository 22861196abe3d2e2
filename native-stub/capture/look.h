/* SPDX-License-Identifier: Apache-2.0 */
/* What a file was like at one moment. */
#ifndef UNDUMP_CAPTURE_LOOK_H
#define UNDUMP_CAPTURE_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct look {
    bool taken;
    uint32_t mode; /* st_mode; 0: there was nothing */
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
};

struct look look_from(const struct stat *status);
extern const struct look NOTHING_THERE;

/* Looks at a path, or at the link itself that it ends in. Returns 0, also for one that leads nowhere (ENOENT, ENOTDIR), or -errno. */
int look_at(const char *path, bool at_link, struct look *ret);

/* ENOENT, ENOTDIR. */
bool means_missing(int error);

#endif
