/* SPDX-License-Identifier: Apache-2.0 */
/* Regular files and directories, and what is told by a path of theirs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "descriptors.h"
#include "memory_files.h"

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c */
#define HUGETLBFS_MAGIC 0x958458f6
#define SECRETMEM_MAGIC 0x5345434d /* mm/secretmem.c */

/* What it holds is the business of memory_files.c. */
static int describe_memfd(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    struct ckpt_memory_file identity = {.inode = record->inode, .dev_major = record->dev_major,
                                        .dev_minor = record->dev_minor};
    record->kind = CKPT_FILE_MEMFD;
    if (record->open_flags & O_PATH)
        return refuse_file(capture, file, "a memfd without access (O_PATH)", "close it before");
    int index = memory_file_of(capture, &identity, file->fd, file->path);
    record->object = index < 0 ? 0 : (uint32_t)index;
    return index < 0 ? index : 0;
}

static bool is_same_file(const char *path, const struct open_file *file)
{
    struct stat status;
    bool link = S_ISLNK(file->status.st_mode); /* opened itself, by O_PATH and O_NOFOLLOW */
    return (link ? lstat(path, &status) : stat(path, &status)) == 0 && status.st_ino == file->status.st_ino && status.st_dev == file->status.st_dev;
}

bool path_leads_there(const struct capture *capture, const struct open_file *file)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "/proc/%d/root%s", capture->pid, file->path);
    return is_same_file(file->path, file) || is_same_file(path, file);
}

/* We may not look there: a log in a folder of root's, for instance. The kernel does not say that the name is gone. */
static bool path_is_hidden(const struct open_file *file)
{
    struct stat status;
    return stat(file->path, &status) < 0 && errno == EACCES;
}

static bool is_proc_file_of_process(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0 && path[6] >= '0' && path[6] <= '9';
}

/* Of the program itself, but not of one of its threads: those get other numbers. */
static bool is_own_proc_file(const struct capture *capture, const char *path)
{
    char own[32];
    int length = snprintf(own, sizeof(own), "/proc/%d", capture->pid);
    return strncmp(path, own, (size_t)length) == 0 && (path[length] == '/' || path[length] == 0) &&
           strncmp(path + length, "/task/", 6) != 0;
}

/* The launch has another number, so the file is named by "self". Returns 0 or -ENOTSUP with a line. */
static int describe_proc_file(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    char rest[PATH_MAX];
    if (!is_own_proc_file(capture, file->path))
        return refuse_file(capture, file, "a file about another process or one thread", "close it before");
    const char *behind = strchr(file->path + strlen("/proc/"), '/');
    snprintf(rest, sizeof(rest), "%s", behind ? behind : "");
    snprintf(file->path, sizeof(file->path), "/proc/self%.*s", PATH_MAX - 16, rest);
    record->kind = CKPT_FILE_OWN_PROC;
    return 0;
}

int describe_regular(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    struct statfs system = {0};
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", capture->pid, file->fd);
    if (statfs(path, &system) == 0 && system.f_type == MQUEUE_MAGIC)
        return describe_queue(capture, file, record);
    if (system.f_type == HUGETLBFS_MAGIC)
        return refuse_file(capture, file, "a file of huge pages", "close it before");
    if (file->path[0] != '/' || system.f_type == SECRETMEM_MAGIC)
        return describe_kernel_file(capture, file, record); /* namespaces, secret memory */
    if (is_proc_file_of_process(file->path))
        return describe_proc_file(capture, file, record);
    if (file->deleted && strncmp(file->path, MEMFD_PREFIX, strlen(MEMFD_PREFIX)) == 0)
        return describe_memfd(capture, file, record);
    record->kind = CKPT_FILE_REGULAR;
    if (file->status.st_nlink && !file->deleted && (path_leads_there(capture, file) || path_is_hidden(file)))
        return 0;
    if (file->status.st_nlink && (record->open_flags & O_ACCMODE) != O_RDONLY)
        return refuse_file(capture, file, "open for writing and has lost this name, but not its others",
                           "what a launch writes would not reach them; close it before");
    record->kind = CKPT_FILE_DELETED; /* deleted_files.c goes on with it */
    return 0;
}

int describe_directory(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    record->kind = CKPT_FILE_DIRECTORY;
    if (file->deleted)
        return refuse_file(capture, file, "a deleted directory", "close it before");
    if (is_proc_file_of_process(file->path))
        return describe_proc_file(capture, file, record);
    return 0;
}
