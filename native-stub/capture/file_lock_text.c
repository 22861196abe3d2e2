/* SPDX-License-Identifier: Apache-2.0 */
/* fs/locks.c, lock_get_status. Pure, so it is tested without a process. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "file_locks.h"

static const struct {
    const char *name;
    uint32_t kind;
} LOCK_NAMES[] = {{"FLOCK", CKPT_LOCK_FLOCK}, {"POSIX", CKPT_LOCK_PROCESS}, {"OFDLCK", CKPT_LOCK_DESCRIPTION}};

int parse_lock(const char *text, struct ckpt_file_lock *ret)
{
    char name[16], mandatory[16], type[16], end[24];
    unsigned long long start, last;
    struct ckpt_file_lock lock = {0};
    if (sscanf(text, "%*d: %15s %15s %15s %*d %*x:%*x:%*u %llu %23s", name, mandatory, type, &start, end) != 5)
        return -EINVAL;
    for (size_t i = 0; i < sizeof(LOCK_NAMES) / sizeof(LOCK_NAMES[0]); i++)
        if (strcmp(name, LOCK_NAMES[i].name) == 0)
            lock.kind = LOCK_NAMES[i].kind;
    if (!lock.kind)
        return -ENOTSUP;
    if (strcmp(type, "READ") != 0 && strcmp(type, "WRITE") != 0)
        return -EINVAL;
    lock.exclusive = strcmp(type, "WRITE") == 0;
    lock.start = start;
    if (strcmp(end, "EOF") != 0) {
        if (sscanf(end, "%llu", &last) != 1 || last < start || last == UINT64_MAX)
            return -EINVAL;
        lock.length = last - start + 1;
    }
    *ret = lock;
    return 0;
}
