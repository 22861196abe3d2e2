/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc_files.h"

static uint64_t pipe_inode(pid_t pid, pid_t fd)
{
    char target[64];
    unsigned long long inode = 0;
    if (read_proc_link(target, sizeof(target), "%d/fd/%d", pid, fd) > 0 && sscanf(target, "pipe:[%llu]", &inode) != 1)
        inode = 0;
    return inode;
}

static void list_pipes(pid_t pid, struct buffer *inodes)
{
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    if (list_proc_numbers(&fds, &count, "%d/fd", pid) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t inode = pipe_inode(pid, fds[i]);
        if (inode)
            buffer_append(inodes, &inode, sizeof(inode));
    }
}

static int compare_inodes(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void find_pipes_elsewhere(struct capture *capture)
{
    AUTO_BUFFER struct buffer own = {0};
    struct buffer others = {0};
    AUTO_FREE pid_t *pids = NULL;
    size_t count;
    list_pipes(capture->pid, &own);
    if (own.size == 0 || list_proc_numbers(&pids, &count, ".") < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (pids[i] != capture->pid)
            list_pipes(pids[i], &others);
    if (others.failed || others.size == 0) {
        buffer_free(&others);
        return;
    }
    capture->pipes_elsewhere = (uint64_t *)(void *)others.data;
    capture->pipes_elsewhere_count = others.size / sizeof(uint64_t);
    qsort(others.data, capture->pipes_elsewhere_count, sizeof(uint64_t), compare_inodes);
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

bool pipe_is_elsewhere(const struct capture *capture, uint64_t inode)
{
    return capture->pipes_elsewhere_count &&
           bsearch(&inode, capture->pipes_elsewhere, capture->pipes_elsewhere_count, sizeof(inode), compare_inodes);
}
