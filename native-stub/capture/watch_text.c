/* SPDX-License-Identifier: Apache-2.0 */
/* Pure, so it is tested without a process. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "watches.h"

static bool parse_handle(const char *text, struct watch_line *ret)
{
    unsigned size, type;
    int at = 0;
    if (sscanf(text, " fhandle-bytes:%x fhandle-type:%x f_handle:%n", &size, &type, &at) != 2 || at == 0 || size > HANDLE_BYTES)
        return false;
    for (unsigned i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(text + at + 2 * i, "%2x", &byte) != 1)
            return false;
        ret->handle[i] = (uint8_t)byte;
    }
    ret->handle_type = (int32_t)type;
    ret->handle_size = size;
    return true;
}

bool parse_watch(const char *text, struct watch_line *ret)
{
    struct watch_line watch = {0};
    unsigned number;
    unsigned long long inode;
    int at = 0;
    if (sscanf(text, "wd:%x ino:%llx sdev:%x mask:%x ignored_mask:%*x%n", &number, &inode, &watch.device, &watch.mask, &at) != 4 ||
        number == 0 || number > INT32_MAX)
        return false;
    watch.number = (int32_t)number;
    watch.inode = inode;
    if (at && !parse_handle(text + at, &watch))
        watch.handle_size = 0;
    *ret = watch;
    return true;
}
