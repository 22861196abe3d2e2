/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "memory_files.h"
#include "proc_files.h"

static uint64_t pipe_inode(pid_t pid, pid_t fd)
{
    char target[64];
    unsigned long long inode = 0;
    if (read_proc_link(target, sizeof(target), "%d/fd/%d", pid, fd) > 0 && sscanf(target, "pipe:[%llu]", &inode) != 1)
        inode = 0;
    return inode;
}

/* Pipes and sockets have their inode numbers from one counter (fs/inode.c, get_next_ino). */
static uint64_t channel_inode(pid_t pid, pid_t fd)
{
    char target[64];
    unsigned long long inode = 0;
    if (read_proc_link(target, sizeof(target), "%d/fd/%d", pid, fd) > 0 && sscanf(target, "pipe:[%llu]", &inode) != 1 &&
        sscanf(target, "socket:[%llu]", &inode) != 1)
        inode = 0;
    return inode;
}

static void list_channels(pid_t pid, struct buffer *inodes)
{
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    if (list_proc_numbers(&fds, &count, "%d/fd", pid) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t inode = channel_inode(pid, fds[i]);
        if (inode)
            buffer_append(inodes, &inode, sizeof(inode));
    }
}

static int compare_inodes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void find_channels_elsewhere(struct capture *capture)
{
    AUTO_BUFFER struct buffer own = {0};
    struct buffer others = {0};
    AUTO_FREE pid_t *pids = NULL;
    size_t count;
    list_channels(capture->pid, &own);
    if (own.size == 0 || list_proc_numbers(&pids, &count, ".") < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (pids[i] != capture->pid)
            list_channels(pids[i], &others);
    if (others.failed || others.size == 0) {
        buffer_free(&others);
        return;
    }
    capture->channels_elsewhere = (uint64_t *)(void *)others.data;
    capture->channels_elsewhere_count = others.size / sizeof(uint64_t);
    qsort(others.data, capture->channels_elsewhere_count, sizeof(uint64_t), compare_inodes);
}

int list_pipe_ends(struct capture *capture)
{
    struct buffer ends = {0};
    AUTO_BUFFER struct buffer info = {0};
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    int error = list_proc_numbers(&fds, &count, "%d/fd", capture->pid);
    for (size_t i = 0; error == 0 && i < count; i++) {
        struct pipe_end end = {.inode = pipe_inode(capture->pid, fds[i])};
        if (!end.inode || read_proc(&info, "%d/fdinfo/%d", capture->pid, fds[i]) < 0)
            continue;
        uint64_t flags = text_number((char *)info.data, "flags:", 8, 0);
        end.reads = (flags & O_ACCMODE) != O_WRONLY;
        end.writes = (flags & O_ACCMODE) != O_RDONLY;
        end.packets = flags & O_DIRECT;
        buffer_append(&ends, &end, sizeof(end));
    }
    capture->pipe_ends = (struct pipe_end *)(void *)ends.data;
    capture->pipe_end_count = ends.failed ? 0 : ends.size / sizeof(struct pipe_end);
    return ends.failed ? -ENOMEM : error;
}

bool channel_is_elsewhere(const struct capture *capture, uint64_t inode)
{
    return capture->channels_elsewhere_count &&
           bsearch(&inode, capture->channels_elsewhere, capture->channels_elsewhere_count, sizeof(inode), compare_inodes);
}

/* ---- memory ---- */

static bool starts_with(const char *text, size_t length, const char *start)
{
    return length >= strlen(start) && memcmp(text, start, strlen(start)) == 0;
}

static bool is_deleted(const char *name, size_t length)
{
    const char *mark = " (deleted)";
    return length > strlen(mark) && name[0] == '/' && memcmp(name + length - strlen(mark), mark, strlen(mark)) == 0;
}

/* A private mapping of a memfd sees what others write, too. */
static bool is_shared_memory(const struct map_line *map)
{
    if (starts_with(map->name, map->name_length, MEMFD_PREFIX))
        return true;
    return map->access[3] == 's' && (is_deleted(map->name, map->name_length) || /* also /dev/zero: anonymous memory */
                                     starts_with(map->name, map->name_length, "[anon_shmem:"));
}

static void list_shared_mappings(pid_t pid, struct buffer *objects)
{
    AUTO_BUFFER struct buffer maps = {0};
    if (read_proc(&maps, "%d/maps", pid) < 0)
        return;
    for (char *line = (char *)maps.data; line && *line; ) {
        struct map_line map;
        if (parse_map_line(line, &map) && is_shared_memory(&map)) {
            struct shared_object object = {map.inode, map.dev_major, map.dev_minor, pid};
            buffer_append(objects, &object, sizeof(object));
        }
        line = strchr(line, '\n');
        if (line)
            line++;
    }
}

static void list_nameless_files(pid_t pid, struct buffer *objects)
{
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    if (list_proc_numbers(&fds, &count, "%d/fd", pid) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        char path[64], target[PATH_MAX];
        struct stat status;
        ssize_t length = read_proc_link(target, sizeof(target), "%d/fd/%d", pid, fds[i]);
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fds[i]);
        if (length <= 0 || !is_deleted(target, (size_t)length) || stat(path, &status) < 0)
            continue;
        struct shared_object object = {status.st_ino, major(status.st_dev), minor(status.st_dev), pid};
        buffer_append(objects, &object, sizeof(object));
    }
}

static int compare_objects(const void *left, const void *right)
{
    const struct shared_object *a = left, *b = right;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    if (a->dev_minor != b->dev_minor)
        return a->dev_minor < b->dev_minor ? -1 : 1;
    return a->dev_major < b->dev_major ? -1 : a->dev_major > b->dev_major;
}

/* Whether it runs our own program: ckpt holds what it passes on to the program that it launches. */
static bool is_ckpt(pid_t pid)
{
    char own[PATH_MAX], other[PATH_MAX];
    ssize_t length = read_proc_link(own, sizeof(own), "self/exe");
    return length > 0 && read_proc_link(other, sizeof(other), "%d/exe", pid) == length &&
           memcmp(own, other, (size_t)length) == 0;
}

void find_memory_elsewhere(struct capture *capture)
{
    AUTO_BUFFER struct buffer own = {0};
    struct buffer others = {0};
    AUTO_FREE pid_t *pids = NULL;
    size_t count;
    list_shared_mappings(capture->pid, &own);
    list_nameless_files(capture->pid, &own);
    if (own.size == 0 || list_proc_numbers(&pids, &count, ".") < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == capture->pid || is_ckpt(pids[i]))
            continue;
        list_shared_mappings(pids[i], &others);
        list_nameless_files(pids[i], &others);
    }
    if (others.failed || others.size == 0) {
        buffer_free(&others);
        return;
    }
    capture->memory_elsewhere = (struct shared_object *)(void *)others.data;
    capture->memory_elsewhere_count = others.size / sizeof(struct shared_object);
    qsort(others.data, capture->memory_elsewhere_count, sizeof(struct shared_object), compare_objects);
}

void check_memory_elsewhere(struct capture *capture, const struct shared_object *object, const char *what,
                            const char *name)
{
    const struct shared_object *found = NULL;
    if (capture->memory_elsewhere_count)
        found = bsearch(object, capture->memory_elsewhere, capture->memory_elsewhere_count, sizeof(*object),
                        compare_objects);
    if (!found)
        return;
    if (capture->request->allow & ALLOW_SHARED_MEMORY) {
        capture->allowed |= ALLOW_SHARED_MEMORY;
        return;
    }
    AUTO_BUFFER struct buffer text = {0};
    char command[64] = "?";
    if (read_proc(&text, "%d/comm", found->holder) == 0)
        text_line((char *)text.data, command, sizeof(command));
    refuse(capture->report, -ENOTSUP,
           "capturing process %d: %s %s is shared with process %d (%s), and a launch would not be; end that first, or "
           "let the launch have its own copy by --allow shared-memory", capture->pid, what, name, found->holder, command);
}
