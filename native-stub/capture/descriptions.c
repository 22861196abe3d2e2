/* SPDX-License-Identifier: Apache-2.0 */
/* One open file description of the program: what it is, who it came from, and what the kernel notes about it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "descriptors.h"
#include "file_locks.h"
#include "file_owners.h"
#include "proc_files.h"
#include "sockets.h"

int refuse_file(struct capture *capture, const struct open_file *file, const char *what, const char *advice)
{
    return refuse(capture->report, -ENOTSUP, "capturing process %d: descriptor %d is %s (%s), which cannot be captured; %s, or " FOREIGN_ADVICE,
                  capture->pid, file->fd, what, file->path, advice);
}

/* Whether process has the description of the program's descriptor fd open, at number own or, when that is -1, anywhere. */
static bool is_open_in(const struct capture *capture, pid_t process, int own, int fd)
{
    AUTO_FREE pid_t *numbers = NULL;
    size_t count;
    if (own >= 0)
        return syscall(SYS_kcmp, process, capture->pid, KCMP_FILE, own, fd) == 0;
    if (list_proc_numbers(&numbers, &count, "%d/fd", process) < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (syscall(SYS_kcmp, process, capture->pid, KCMP_FILE, numbers[i], fd) == 0)
            return true;
    return false;
}

static bool is_given(const struct capture_request *request, const struct open_file *file)
{
    for (size_t i = 0; i < request->given_count; i++)
        if (request->given[i].device == file->status.st_dev && request->given[i].inode == file->status.st_ino)
            return true;
    return false;
}

/* Whether the program got the description when it was executed: ckpt, which launched it, has it open itself; or its
 * parent, another program, has it at the same number. After a fork alone the two run the same program, and a common
 * descriptor is what they talk through. */
static bool is_inherited(const struct capture *capture, const struct open_file *file)
{
    int fd = file->fd;
    pid_t parent = (pid_t)capture->process.parent_pid;
    char own_program[PATH_MAX], parents_program[PATH_MAX];
    if (capture->request->given)
        return is_given(capture->request, file);
    if (capture->request->seized)
        return is_open_in(capture, getpid(), -1, fd);
    ssize_t own = read_proc_link(own_program, sizeof(own_program), "%d/exe", capture->pid);
    ssize_t parents = read_proc_link(parents_program, sizeof(parents_program), "%d/exe", parent);
    if (own <= 0 || parents <= 0 || (own == parents && memcmp(own_program, parents_program, (size_t)own) == 0))
        return false;
    return is_open_in(capture, parent, fd, fd);
}

/* ---- devices ---- */

static bool is_plain_device(unsigned device_major, unsigned device_minor)
{
    /* Documentation/admin-guide/devices.txt: null, zero, full, random, urandom */
    return device_major == 1 && (device_minor == 3 || device_minor == 5 || (device_minor >= 7 && device_minor <= 9));
}

static bool is_terminal(unsigned device_major, unsigned device_minor)
{
    return device_major == 4 || (device_major == 5 && device_minor != 2) || (device_major >= 136 && device_major <= 143);
}

static int describe_device(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    unsigned device_major = major(file->status.st_rdev), device_minor = minor(file->status.st_rdev);
    if (is_plain_device(device_major, device_minor))
        record->kind = CKPT_FILE_DEVICE;
    else if (is_terminal(device_major, device_minor))
        return describe_terminal(capture, file, record);
    else if (file->standard)
        record->kind = CKPT_FILE_OUTSIDE;
    else if (device_major == 5 && device_minor == 2)
        return refuse_file(capture, file, "the master of a pseudo terminal", "close it before");
    else
        return refuse_file(capture, file, "a device", "close it before");
    return 0;
}

/* ---- all kinds ---- */

static int describe_kind(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    if (strncmp(file->path, "anon_inode:", 11) == 0)
        return describe_kernel_file(capture, file, record); /* newer kernels give some of them a type */
    if (record->open_flags & O_PATH && !S_ISREG(file->status.st_mode) && !S_ISDIR(file->status.st_mode) &&
        path_leads_there(capture, file)) {
        record->kind = CKPT_FILE_REGULAR; /* a place in the file system and nothing more, whatever stands there */
        return 0;
    }
    switch (file->status.st_mode & S_IFMT) {
    case S_IFREG:
        return describe_regular(capture, file, record);
    case S_IFDIR:
        return describe_directory(capture, file, record);
    case S_IFCHR:
        return describe_device(capture, file, record);
    case S_IFIFO:
        if (strncmp(file->path, "pipe:", 5) == 0) {
            record->kind = CKPT_FILE_PIPE;
            return describe_pipe(capture, file, record);
        }
        record->kind = CKPT_FILE_OUTSIDE;
        return file->standard ? 0 : describe_fifo(capture, file, record);
    case S_IFSOCK:
        return describe_socket(capture, file, record);
    case S_IFBLK:
        record->kind = CKPT_FILE_OUTSIDE;
        return file->standard ? 0 : refuse_file(capture, file, "a block device", "close it before");
    default:
        return describe_kernel_file(capture, file, record);
    }
}

int read_open_file(struct capture *capture, struct open_file *file)
{
    char path[64];
    ssize_t length = read_proc_link(file->path, sizeof(file->path), "%d/fd/%d", capture->pid, file->fd);
    int error = length < 0 ? (int)length : read_proc(&file->info, "%d/fdinfo/%d", capture->pid, file->fd);
    snprintf(path, sizeof(path), "/proc/%d/fd/%d", capture->pid, file->fd);
    if (error == 0 && stat(path, &file->status) < 0)
        error = -errno;
    if (error < 0)
        return refuse(capture->report, error, "reading descriptor %d of process %d: %s", file->fd, capture->pid,
                      strerror(-error));
    size_t size = (size_t)length;
    file->deleted = file->path[0] == '/' && strip_deleted(file->path, &size) && !path_leads_there(capture, file);
    if (file->deleted)
        file->path[size] = 0;
    return 0;
}

/* What a refused description has left behind: the buffers that kinds add to. */
struct left_behind {
    size_t lines, sockets, socket_facts, socket_options, pipes, watches;
};

static struct left_behind look_back(const struct capture *capture)
{
    return (struct left_behind){capture->report->count, capture->sockets.size, capture->socket_facts.size,
                                capture->socket_options.size, capture->pipes.size, capture->watches.size};
}

static void take_back(struct capture *capture, const struct left_behind *before)
{
    report_take_back(capture->report, before->lines);
    capture->sockets.size = before->sockets;
    capture->socket_facts.size = before->socket_facts;
    capture->socket_options.size = before->socket_options;
    capture->pipes.size = before->pipes;
    capture->watches.size = before->watches;
}

/* The user may let undump decide about what cannot be captured; nothing but its flags is known of it then. */
static int describe_unless_foreign(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    struct ckpt_description plain = *record;
    struct left_behind before = look_back(capture);
    int error = describe_kind(capture, file, record);
    if (error != -ENOTSUP || !(capture->request->allow & ALLOW_FOREIGN_FD))
        return error;
    take_back(capture, &before);
    capture->allowed |= ALLOW_FOREIGN_FD;
    *record = plain;
    record->kind = CKPT_FILE_OUTSIDE;
    record->offset = 0;
    return 0;
}

/* fdinfo tells close-on-exec in the place of whether the file was opened with O_CLOEXEC, which F_GETFL tells for good. */
static uint32_t opened_with_cloexec(const struct capture *capture, const struct open_file *file)
{
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    return flags < 0 ? 0 : (uint32_t)(flags & O_CLOEXEC);
}

int add_description(struct capture *capture, struct open_file *file)
{
    const struct stat *status = &file->status;
    const char *info = (char *)file->info.data;
    struct ckpt_description record = {
        .open_flags = ((uint32_t)text_number(info, "flags:", 8, 0) & ~(uint32_t)O_CLOEXEC) | opened_with_cloexec(capture, file),
        .mode = status->st_mode, .offset = text_number(info, "pos:", 10, 0), .inode = status->st_ino,
        .dev_major = major(status->st_dev), .dev_minor = minor(status->st_dev), .rdev_major = major(status->st_rdev),
        .rdev_minor = minor(status->st_rdev), .size = (uint64_t)status->st_size,
        .mtime_ns = (uint64_t)status->st_mtim.tv_sec * 1000000000 + (uint64_t)status->st_mtim.tv_nsec,
        .flags = is_inherited(capture, file) ? CKPT_DESCRIPTION_INHERITED : 0u,
    };
    int error = describe_unless_foreign(capture, file, &record);
    if (error == 0)
        error = describe_locks(capture, file, record.kind);
    if (error == 0)
        error = describe_owner(capture, file, &record);
    record.path = strings_add_text(&capture->strings, file->path);
    buffer_append(&capture->descriptions, &record, sizeof(record));
    /* A line has been said: go on, so that all obstacles are said at once. */
    return error == -ENOTSUP ? 0 : error;
}
