/* SPDX-License-Identifier: Apache-2.0 */
/* What the paths that a stopped thread uses mean, and what stands there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "follower_steps.h"
#include "proc_files.h"

#define PAGE_MASK_BYTES (CKPT_PAGE_SIZE - 1)
#define FIRST_BYTES 256 /* most paths are shorter */
#define DELETED " (deleted)"

int read_words(pid_t tid, uint64_t address, void *words, size_t size)
{
    struct iovec local = {words, size}, remote = {(void *)(uintptr_t)address, size};
    ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);
    return got == (ssize_t)size ? 0 : got < 0 ? -errno : -EFAULT;
}

/* Page by page: what lies behind the text's end need not be there. */
long read_text(pid_t tid, uint64_t address, char *text, size_t size)
{
    size_t length = 0;
    while (length < size) {
        size_t left = CKPT_PAGE_SIZE - ((address + length) & PAGE_MASK_BYTES);
        size_t limit = length ? size - length : FIRST_BYTES;
        size_t part = left < limit ? left : limit;
        part = part < size - length ? part : size - length;
        int error = read_words(tid, address + length, text + length, part);
        if (error < 0)
            return error;
        const char *end = memchr(text + length, 0, part);
        if (end)
            return end - text;
        length += part;
    }
    return -ENAMETOOLONG;
}

/* ---- names ---- */

/* Takes off what the kernel writes behind the name of a directory or file that has none any more. */
static bool has_lost_name(const char *link)
{
    size_t length = strlen(link), mark = strlen(DELETED);
    return length > mark && strcmp(link + length - mark, DELETED) == 0 && access(link, F_OK) < 0;
}

char *path_of_descriptor(pid_t tid, int fd)
{
    char link[PATH_MAX];
    ssize_t length = fd == AT_FDCWD ? read_proc_link(link, sizeof(link), "%d/cwd", tid)
                                    : read_proc_link(link, sizeof(link), "%d/fd/%d", tid, fd);
    return length < 0 || link[0] != '/' || has_lost_name(link) ? NULL : strdup(link);
}

int look_at_descriptor(pid_t tid, int fd, struct look *ret)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, fd);
    return look_at(path, false, ret);
}

static void note_unreachable(struct inputs *inputs, pid_t tid, int base)
{
    char link[PATH_MAX];
    ssize_t length = base == AT_FDCWD ? read_proc_link(link, sizeof(link), "%d/cwd", tid)
                                      : read_proc_link(link, sizeof(link), "%d/fd/%d", tid, base);
    if (length > 0 && strncmp(link, "(unreachable)", strlen("(unreachable)")) == 0)
        inputs_give_up(inputs, "its process %d has used paths that count from a directory outside of its root", tid);
}

/* "/proc/self" means another process to us. */
static char *own_proc_path(pid_t tid, const char *path)
{
    char *other = NULL;
    const char *rest = strncmp(path, "/proc/self/", 11) == 0 ? path + 10 : strncmp(path, "/proc/thread-self/", 18) == 0 ? path + 17 : NULL;
    if (!rest)
        return strdup(path);
    return asprintf(&other, "/proc/%d%s", tid, rest) < 0 ? NULL : other;
}

/* What is reached through /proc or /dev but lies elsewhere (/proc/self/cwd/x, /dev/fd/3/x) has a name there. */
static char *name_elsewhere(pid_t tid, const char *path)
{
    char real[PATH_MAX];
    char *at = own_proc_path(tid, path);
    char *found = at ? realpath(at, real) : NULL;
    free(at);
    return found && !is_never_input(real) ? strdup(real) : NULL;
}

char *absolute_path(struct inputs *inputs, pid_t tid, int base, const char *text)
{
    char *path = NULL;
    if (!*text)
        return NULL;
    if (text[0] == '/')
        return is_never_input(text) ? name_elsewhere(tid, text) : strdup(text);
    char *folder = path_of_descriptor(tid, base);
    if (!folder) {
        note_unreachable(inputs, tid, base);
        return NULL;
    }
    if (asprintf(&path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, text) < 0)
        path = NULL;
    free(folder);
    return path;
}

/* ---- looks ---- */

/* Links lead to files of the kernel's own, such as /etc/mtab to /proc/self/mounts; these are no inputs under any name. */
static bool is_kernel_file(const char *path, const struct look *look)
{
    static const long kinds[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
                                 SECURITYFS_MAGIC, BPF_FS_MAGIC, DEVPTS_SUPER_MAGIC, EFIVARFS_MAGIC, PSTOREFS_MAGIC};
    struct statfs system;
    if (look->mode == 0 || statfs(path, &system) < 0)
        return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (system.f_type == kinds[i])
            return true;
    return false;
}

void see_look(struct inputs *inputs, const char *path, unsigned saw, const struct look *look)
{
    bool at_link = (saw & SAW_LINK) && S_ISLNK(look->mode);
    if ((saw & SAW_CONTENT) && (!S_ISREG(look->mode) || is_kernel_file(path, look)))
        saw = S_ISREG(look->mode) ? 0 : SAW_STATUS;
    if (at_link)
        inputs_see(inputs, path, SAW_LINK, look);
    else if (saw)
        inputs_see(inputs, path, saw & SAW_LINK ? SAW_STATUS : saw, look);
}

/* Up to a folder that may be looked at: its permissions are why nothing below can. */
static void see_nearest(struct inputs *inputs, const char *path)
{
    char *at = strdup(path), *slash;
    struct look look;
    while (at && (slash = strrchr(at, '/')) != NULL && slash > at) {
        *slash = 0;
        if (look_at(at, false, &look) == 0) {
            inputs_see(inputs, at, SAW_STATUS, &look);
            break;
        }
    }
    free(at);
}

void see_now(struct inputs *inputs, const char *path, unsigned saw, bool at_link)
{
    struct look look;
    int error = look_at(path, at_link, &look);
    if (error < 0)
        see_nearest(inputs, path);
    else
        see_look(inputs, path, at_link ? SAW_LINK : saw, &look);
}

void see_failure(struct inputs *inputs, const char *path, bool at_link)
{
    see_now(inputs, path, SAW_STATUS, at_link);
}

void inputs_own_descriptor(struct inputs *inputs, pid_t tid, int fd)
{
    struct look look;
    if (look_at_descriptor(tid, fd, &look) == 0)
        inputs_own_file(inputs, &look);
}
