/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named pipes. A launch opens them by path. What is in flight belongs to the system as long as another process has the pipe
 * open, too: it stays there. When only the program has it open, it vanishes with the program, so it is copied.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptors.h"
#include "proc_files.h"

static bool is_fifo(pid_t process, pid_t fd, const struct stat *fifo)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", process, fd);
    return stat(path, &status) == 0 && status.st_ino == fifo->st_ino && status.st_dev == fifo->st_dev;
}

static bool has_open(pid_t process, const struct stat *fifo)
{
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    if (list_proc_numbers(&fds, &count, "%d/fd", process) < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_fifo(process, fds[i], fifo))
            return true;
    return false;
}

static bool is_open_elsewhere(const struct capture *capture, const struct stat *fifo)
{
    AUTO_FREE pid_t *pids = NULL;
    size_t count;
    if (list_proc_numbers(&pids, &count, ".") < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (pids[i] != capture->pid && pids[i] != capture->snapshot.pid && pids[i] != getpid() && has_open(pids[i], fifo))
            return true;
    return false;
}

/* The record of a pipe that another description leads to as well, or a new one. Returns its index. */
static uint32_t index_of(struct capture *capture, const struct ckpt_description *record)
{
    const struct ckpt_description *known = (const void *)capture->descriptions.data;
    for (size_t i = 0; i < capture->descriptions.size / sizeof(*known); i++)
        if (known[i].kind == CKPT_FILE_FIFO && known[i].inode == record->inode && known[i].dev_major == record->dev_major &&
            known[i].dev_minor == record->dev_minor)
            return known[i].object;
    uint32_t index = (uint32_t)(capture->pipes.size / sizeof(struct ckpt_pipe));
    buffer_extend(&capture->pipes, sizeof(struct ckpt_pipe));
    return index;
}

static bool has_reader(const struct capture *capture, const struct stat *fifo)
{
    AUTO_BUFFER struct buffer info = {0};
    AUTO_FREE pid_t *fds = NULL;
    size_t count;
    if (list_proc_numbers(&fds, &count, "%d/fd", capture->pid) < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_fifo(capture->pid, fds[i], fifo) && read_proc(&info, "%d/fdinfo/%d", capture->pid, fds[i]) == 0 &&
            (text_number((char *)info.data, "flags:", 8, 0) & O_ACCMODE) != O_WRONLY)
            return true;
    return false;
}

/* Only a reading end of the program's own serves: to open one would wake who waits for a reader. */
static int save_bytes(struct capture *capture, const struct open_file *file, uint32_t access, int fd, struct ckpt_pipe *pipe)
{
    int waiting = 0;
    if (pipe->data_size || ioctl(fd, FIONREAD, &waiting) < 0 || waiting == 0 || is_open_elsewhere(capture, &file->status))
        return 0;
    if (access == O_WRONLY)
        return has_reader(capture, &file->status)
                   ? 0
                   : refuse_file(capture, file, "a named pipe with bytes in it that nobody has open to read", "read them before");
    int error = save_in_flight(capture, fd, pipe);
    if (error < 0)
        return refuse(capture->report, error, "copying the bytes in flight of descriptor %d of process %d (%s): %s", file->fd,
                      capture->pid, file->path, strerror(-error));
    return pipe->packet_count ? refuse_file(capture, file, "a named pipe with packets (O_DIRECT) in it", "read them before") : 0;
}

int describe_fifo(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    uint32_t access = record->open_flags & O_ACCMODE;
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    record->kind = CKPT_FILE_FIFO;
    if (!path_leads_there(capture, file))
        return refuse_file(capture, file, "a named pipe that has lost its name", "close it before");
    if (fd < 0)
        return refuse(capture->report, -errno, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid,
                      file->path, strerror(errno));
    record->object = index_of(capture, record);
    struct ckpt_pipe *pipe = (struct ckpt_pipe *)(void *)capture->pipes.data + record->object;
    if (capture->pipes.failed)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    int capacity = fcntl(fd, F_GETPIPE_SZ);
    pipe->capacity = capacity > 0 ? (uint32_t)capacity : 65536;
    return save_bytes(capture, file, access, fd, pipe);
}
