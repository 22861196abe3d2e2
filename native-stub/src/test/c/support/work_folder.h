/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of the test's own, for all files that it makes: under $TMPDIR or /tmp, removed with its files when the test exits. */
#ifndef UNDUMP_TEST_WORK_FOLDER_H
#define UNDUMP_TEST_WORK_FOLDER_H

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORK_PATH_BYTES 512

static char work_folder_path[WORK_PATH_BYTES];
static pid_t work_folder_owner;

/* Forked children that call exit() have this handler too. */
static inline void work_folder_remove(void)
{
    DIR *folder = work_folder_owner == getpid() ? opendir(work_folder_path) : NULL;

    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL; )
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(work_folder_path);
}

/* Tests of root become other users, who must get to the files: every folder on the way lets them through. */
static inline bool work_folder_suits(const char *parent)
{
    char part[WORK_PATH_BYTES];
    struct stat status;

    if (parent == NULL || parent[0] != '/' || strlen(parent) >= WORK_PATH_BYTES / 2)
        return false;
    for (size_t length = strlen(parent); geteuid() == 0 && length > 0; length--) {
        if (parent[length] != '/' && parent[length] != '\0')
            continue;
        memcpy(part, parent, length);
        part[length] = '\0';
        if (stat(part, &status) != 0 || (status.st_mode & S_IXOTH) == 0)
            return false;
    }
    return true;
}

static inline const char *work_folder(void)
{
    const char *parent = getenv("TMPDIR");

    if (work_folder_owner != 0)
        return work_folder_path;
    strcpy(work_folder_path, work_folder_suits(parent) ? parent : "/tmp");
    strcat(work_folder_path, "/undump-test-XXXXXX");
    if (mkdtemp(work_folder_path) == NULL || chmod(work_folder_path, 0711) != 0)
        err(1, "%s", work_folder_path);
    work_folder_owner = getpid();
    atexit(work_folder_remove);
    return work_folder_path;
}

/* The path of a file in it. */
static inline void work_path(char ret_path[WORK_PATH_BYTES], const char *name)
{
    if (snprintf(ret_path, WORK_PATH_BYTES, "%s/%s", work_folder(), name) >= WORK_PATH_BYTES)
        errx(1, "%s: this path is too long", name);
}

#endif
