/* SPDX-License-Identifier: Apache-2.0 */
/* The program's descriptors, and which of them share a description. */
#define _GNU_SOURCE
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outside.h"
#include "proc_files.h"
#include "sockets.h"

/* The descriptions found so far, in the order that kcmp(2) puts them in. */
struct known_files {
    struct known_file {
        int fd;
        uint32_t index;
    } *files;
    size_t count;
};

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
