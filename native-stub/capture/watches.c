/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "watches.h"

#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc_files.h"

#define SETTABLE (IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT) /* older kernels tell bits of their own as well */
#define WATCH_NUMBER_LIMIT 1000000 /* a launch counts up to it */

static const char *next_watch(const char *line)
{
    line = strchr(line, '\n');
    return line ? text_field(line + 1, "inotify") : NULL;
}

static int order_watches(const struct watch_line *a, const struct watch_line *b)
{
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->device < b->device ? -1 : a->device > b->device;
}

static int order_places(const void *left, const void *right)
{
    const struct watch_place *a = left, *b = right;
    return order_watches(&a->watch, &b->watch);
}

static const struct watch_place *place_of(const struct capture *capture, const struct watch_line *watch)
{
    const struct watch_place wanted = {.watch = *watch};
    return capture->watch_place_count ? bsearch(&wanted, capture->watch_places, capture->watch_place_count, sizeof(wanted), order_places)
                                      : NULL;
}

static void note_watches(const char *info, struct buffer *places)
{
    for (const char *line = text_field(info, "inotify"); line; line = next_watch(line)) {
        struct watch_place place = {0};
        if (parse_watch(line, &place.watch))
            buffer_append(places, &place, sizeof(place));
    }
}

/* Sorts, and leaves of those of one file the first. Takes the memory of found. */
static void take_places(struct capture *capture, struct buffer *found)
{
    struct watch_place *places = (void *)found->data;
    size_t count = found->failed ? 0 : found->size / sizeof(*places), kept = 0;
    if (count)
        qsort(places, count, sizeof(*places), order_places);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || order_places(&places[kept - 1], &places[i]) != 0)
            places[kept++] = places[i];
    capture->watch_places = places;
    capture->watch_place_count = kept;
    *found = (struct buffer){0};
}

void find_watches(struct capture *capture)
{
    AUTO_FREE pid_t *fds = NULL;
    AUTO_BUFFER struct buffer info = {0}, found = {0};
    size_t count;
    char path[PATH_MAX];
    if (list_proc_numbers(&fds, &count, "%d/fd", capture->pid) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (read_proc_link(path, sizeof(path), "%d/fd/%d", capture->pid, fds[i]) > 0 && strcmp(path, "anon_inode:inotify") == 0 &&
            read_proc(&info, "%d/fdinfo/%d", capture->pid, fds[i]) == 0)
            note_watches((char *)info.data, &found);
    take_places(capture, &found);
    if (capture->watch_place_count)
        search_watched(capture, capture->watch_places, capture->watch_place_count);
}

/* Events that were not read yet. */
static int check_queue(struct capture *capture, const struct open_file *file)
{
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    int bytes = 0;
    if (fd < 0 || ioctl(fd, FIONREAD, &bytes) < 0)
        return refuse(capture->report, -errno, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid, file->path,
                      strerror(errno));
    if (bytes == 0)
        return 0;
    if (capture->request->allow & ALLOW_WATCH_EVENTS) {
        capture->allowed |= ALLOW_WATCH_EVENTS;
        return 0;
    }
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: the inotify instance at descriptor %d has %d bytes of events that were not read yet, "
                  "which cannot be captured; try again, or go without them by --allow watch-events", capture->pid, file->fd, bytes);
}

static int add_watch(struct capture *capture, const struct open_file *file, const struct watch_line *watch)
{
    const struct watch_place *place = place_of(capture, watch);
    if (!place || !place->path || !is_watched(place->path, watch))
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: the inotify instance at descriptor %d watches inode %llu of device %u:%u (watch %d), "
                      "whose path was not found; remove the watch before, or run ckpt as root", capture->pid, file->fd,
                      (unsigned long long)watch->inode, watch->device >> 20, watch->device & 0xfffff, watch->number);
    if (watch->number > WATCH_NUMBER_LIMIT)
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: the inotify instance at descriptor %d has a watch of number %d; numbers above %d "
                      "cannot be captured", capture->pid, file->fd, watch->number, WATCH_NUMBER_LIMIT);
    struct ckpt_watch *record = buffer_extend(&capture->watches, sizeof(*record));
    if (!record)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    *record = (struct ckpt_watch){.description = file->index, .number = watch->number, .mask = watch->mask & SETTABLE,
                                  .path = strings_add_text(&capture->strings, place->path)};
    return 0;
}

int describe_inotify(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    int refused = check_queue(capture, file);
    record->kind = CKPT_FILE_INOTIFY;
    for (const char *line = text_field((char *)file->info.data, "inotify"); line; line = next_watch(line)) {
        struct watch_line watch;
        int error = parse_watch(line, &watch) ? add_watch(capture, file, &watch)
                                              : refuse(capture->report, -ENOTSUP, "reading the watches of descriptor %d of process %d: %.60s",
                                                       file->fd, capture->pid, line);
        refused = error < 0 ? error : refused;
    }
    return refused;
}

void release_watches(struct capture *capture)
{
    for (size_t i = 0; i < capture->watch_place_count; i++)
        free(capture->watch_places[i].path);
    free(capture->watch_places);
    buffer_free(&capture->watches);
}
