/* SPDX-License-Identifier: Apache-2.0 */
/* What the Makefile built next to the tests. */
#ifndef UNDUMP_TEST_BUILT_PATH_H
#define UNDUMP_TEST_BUILT_PATH_H

#include <err.h>
#include <string.h>
#include <unistd.h>

/* Overwritten by the next call. */
static inline const char *built_path(const char *name)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 64);

    if (length < 0)
        err(1, "/proc/self/exe");
    path[length] = '\0';
    strcpy(strrchr(path, '/'), "/../");
    strcat(path, name);
    if (access(path, R_OK) != 0)
        err(1, "%s", path);
    return path;
}

#endif
