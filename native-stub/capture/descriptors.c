/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "file_locks.h"
#include "file_owners.h"
#include "memory_files.h"
#include "outside.h"
#include "proc_files.h"
#include "sockets.h"

#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c */
#define HUGETLBFS_MAGIC 0x958458f6
#define SECRETMEM_MAGIC 0x5345434d /* mm/secretmem.c */

/* The descriptions found so far, in the order that kcmp(2) puts them in. */
struct known_files {
    struct known_file {
        int fd;
        uint32_t index;
    } *files;
    size_t count;
};

int refuse_file(struct capture *capture, const struct open_file *file, const char *what, const char *advice)
{
    return refuse(capture->report, -ENOTSUP, "capturing process %d: descriptor %d is %s (%s), which cannot be captured; %s, or " FOREIGN_ADVICE,
                  capture->pid, file->fd, what, file->path, advice);
}

/* Finds the description of fd among the known ones. Returns its place in known->files with *ret_found, or where to
 * put it. Without kcmp (a kernel built without it) every descriptor counts as its own. */
static size_t locate(struct capture *capture, const struct known_files *known, int fd, bool *ret_found)
{
    size_t low = 0, high = known->count;
    *ret_found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        long order = syscall(SYS_kcmp, capture->pid, capture->pid, KCMP_FILE, fd, known->files[middle].fd);
        if (order < 0)
            return known->count;
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order == 1)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
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

/* Whether the program got the description when it was executed: ckpt, which launched it, has it open itself; or its
 * parent, another program, has it at the same number. After a fork alone the two run the same program, and a common
 * descriptor is what they talk through. */
static bool is_inherited(const struct capture *capture, int fd)
{
    pid_t parent = (pid_t)capture->process.parent_pid;
    char own_program[PATH_MAX], parents_program[PATH_MAX];
    if (capture->request->seized)
        return is_open_in(capture, getpid(), -1, fd);
    ssize_t own = read_proc_link(own_program, sizeof(own_program), "%d/exe", capture->pid);
    ssize_t parents = read_proc_link(parents_program, sizeof(parents_program), "%d/exe", parent);
    if (own <= 0 || parents <= 0 || (own == parents && memcmp(own_program, parents_program, (size_t)own) == 0))
        return false;
    return is_open_in(capture, parent, fd, fd);
}

/* ---- regular files and directories ---- */

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

static int describe_regular(struct capture *capture, struct open_file *file, struct ckpt_description *record)
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

static int describe_directory(struct capture *capture, struct open_file *file, struct ckpt_description *record)
{
    record->kind = CKPT_FILE_DIRECTORY;
    if (file->deleted)
        return refuse_file(capture, file, "a deleted directory", "close it before");
    if (is_proc_file_of_process(file->path))
        return describe_proc_file(capture, file, record);
    return 0;
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

static int read_open_file(struct capture *capture, struct open_file *file)
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

static int add_description(struct capture *capture, struct open_file *file)
{
    const struct stat *status = &file->status;
    const char *info = (char *)file->info.data;
    struct ckpt_description record = {
        .open_flags = ((uint32_t)text_number(info, "flags:", 8, 0) & ~(uint32_t)O_CLOEXEC) | opened_with_cloexec(capture, file),
        .mode = status->st_mode, .offset = text_number(info, "pos:", 10, 0), .inode = status->st_ino,
        .dev_major = major(status->st_dev), .dev_minor = minor(status->st_dev), .rdev_major = major(status->st_rdev),
        .rdev_minor = minor(status->st_rdev), .size = (uint64_t)status->st_size,
        .mtime_ns = (uint64_t)status->st_mtim.tv_sec * 1000000000 + (uint64_t)status->st_mtim.tv_nsec,
        .flags = is_inherited(capture, file->fd) ? CKPT_DESCRIPTION_INHERITED : 0u,
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

/* Whether 0, 1 or 2 refer to the same description. */
static bool is_standard(struct capture *capture, int fd)
{
    for (int standard = 0; standard <= 2; standard++)
        if (fd == standard || syscall(SYS_kcmp, capture->pid, capture->pid, KCMP_FILE, fd, standard) == 0)
            return true;
    return false;
}

static int add_descriptor(struct capture *capture, struct known_files *known, int fd)
{
    bool found;
    size_t place = locate(capture, known, fd, &found);
    struct ckpt_descriptor record = {.fd = fd};
    AUTO_BUFFER struct buffer info = {0};
    int error = read_proc(&info, "%d/fdinfo/%d", capture->pid, fd);
    if (error < 0)
        return refuse(capture->report, error, "reading descriptor %d of process %d: %s", fd, capture->pid,
                      strerror(-error));
    record.flags = text_number((char *)info.data, "flags:", 8, 0) & O_CLOEXEC ? FD_CLOEXEC : 0u;
    if (!found) {
        AUTO_FREE struct open_file *file = calloc(1, sizeof(*file));
        if (!file)
            return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
        file->fd = fd;
        file->index = (uint32_t)known->count;
        file->standard = is_standard(capture, fd);
        error = read_open_file(capture, file);
        if (error == 0)
            error = add_description(capture, file);
        buffer_free(&file->info);
        if (error < 0)
            return error;
        memmove(known->files + place + 1, known->files + place, (known->count - place) * sizeof(*known->files));
        known->files[place] = (struct known_file){fd, (uint32_t)known->count++};
    }
    record.description = known->files[place].index;
    buffer_append(&capture->descriptors, &record, sizeof(record));
    return 0;
}

int read_descriptors(struct capture *capture)
{
    AUTO_FREE pid_t *fds = NULL;
    size_t count, said = capture->report->count;
    int error = list_proc_numbers(&fds, &count, "%d/fd", capture->pid);
    if (error < 0)
        return refuse(capture->report, error, "reading the descriptors of process %d: %s", capture->pid,
                      strerror(-error));
    AUTO_FREE struct known_file *files = malloc((count + 1) * sizeof(*files));
    struct known_files known = {files, 0};
    if (!files)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    error = list_pipe_ends(capture);
    if (error < 0)
        return refuse(capture->report, error, "reading the pipes of process %d: %s", capture->pid, strerror(-error));
    for (size_t i = 0; i < count; i++) {
        error = add_descriptor(capture, &known, fds[i]);
        if (error < 0)
            return error;
    }
    error = join_sockets(capture);
    if (error == 0)
        error = settle_timers(capture);
    if (error < 0)
        return error;
    error = read_epoll_items(capture);
    if (error < 0)
        return refuse(capture->report, error, "reading what the epoll instances of process %d watch: %s", capture->pid,
                      strerror(-error));
    return capture->report->count > said ? -ENOTSUP : 0;
}
