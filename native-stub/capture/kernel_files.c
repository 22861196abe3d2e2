/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are objects of the kernel: their fdinfo texts (fs/eventfd.c, timerfd.c, signalfd.c, eventpoll.c). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "descriptors.h"
#include "proc_files.h"
#include "watches.h"

#define INTERRUPT_NS 1000000 /* an interrupt of a timer that is due comes within some 20 us; in a virtual machine later at times */

/* What is left of the time until a moment of the wall clock is worth nothing later. The clock is read behind the text: the
 * moment is never told too early. */
static void note_moment(struct ckpt_description *record, uint64_t realtime_ns)
{
    bool wall_clock = record->values[0] == CLOCK_REALTIME || record->values[0] == CLOCK_REALTIME_ALARM;
    if (wall_clock && record->values[1] & TFD_TIMER_ABSTIME && record->values[2])
        record->offset = realtime_ns + record->values[2];
}

static int parse_timer(const char *info, struct ckpt_description *record)
{
    unsigned long long value_s, value_ns, interval_s, interval_ns;
    const char *value = text_field(info, "it_value:"), *interval = text_field(info, "it_interval:");
    if (!value || !interval || sscanf(value, "(%llu, %llu)", &value_s, &value_ns) != 2 ||
        sscanf(interval, "(%llu, %llu)", &interval_s, &interval_ns) != 2)
        return -EINVAL;
    record->values[0] = text_number(info, "clockid:", 10, 0);
    record->values[1] = text_number(info, "settime flags:", 8, 0);
    record->values[2] = value_s * 1000000000 + value_ns;
    record->values[3] = interval_s * 1000000000 + interval_ns;
    record->value_extra = text_number(info, "ticks:", 10, 0);
    return 0;
}

/* A timer with an interval that has expired stands still until somebody reads it or asks for its time (fs/timerfd.c,
 * do_timerfd_gettime): that counts what was missed and starts it again, as the program's next look at it would. */
static int start_expired_timer(struct capture *capture, const struct open_file *file)
{
    AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, file->fd, 0);
    struct itimerspec time;
    return fd >= 0 && timerfd_gettime(fd, &time) == 0 ? 0 : -errno;
}

static bool is_expired(const struct ckpt_description *record)
{
    return record->values[2] == 0 && record->values[3] != 0 && record->value_extra != 0;
}

static int describe_timer(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    AUTO_BUFFER struct buffer info = {0};
    int error = parse_timer((char *)file->info.data, record);
    if (error == 0 && is_expired(record)) {
        error = start_expired_timer(capture, file);
        if (error == 0)
            error = read_proc(&info, "%d/fdinfo/%d", capture->pid, file->fd);
        if (error == 0)
            error = parse_timer((char *)info.data, record);
        if (error == 0 && is_expired(record)) /* again, before we could look: an interval from now on */
            record->values[2] = record->values[3];
    }
    if (error < 0)
        return refuse(capture->report, error, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid, file->path,
                      strerror(-error));
    record->kind = CKPT_FILE_TIMERFD;
    record->offset = 0;
    note_moment(record, now_ns(CLOCK_REALTIME));
    return 0;
}

/* Expired, but the interrupt that counts it is still to come: tells the same as a timer that is not set. */
static bool may_be_due(const struct ckpt_description *record)
{
    return record->kind == CKPT_FILE_TIMERFD && record->values[2] == 0 && record->value_extra == 0;
}

static int look_again(struct capture *capture, int descriptor, struct ckpt_description *record)
{
    AUTO_BUFFER struct buffer info = {0};
    int error = read_proc(&info, "%d/fdinfo/%d", capture->pid, descriptor);
    struct open_file file = {.fd = descriptor, .path = "anon_inode:[timerfd]", .info = info};
    return error < 0 ? error : describe_timer(capture, &file, record);
}

int settle_timers(struct capture *capture)
{
    const struct ckpt_descriptor *descriptors = (const void *)capture->descriptors.data;
    struct ckpt_description *records = (void *)capture->descriptions.data;
    bool waited = false;
    for (size_t i = 0; i < capture->descriptors.size / sizeof(*descriptors); i++) {
        struct ckpt_description *record = &records[descriptors[i].description];
        if (!may_be_due(record))
            continue;
        if (!waited)
            nanosleep(&(struct timespec){.tv_nsec = INTERRUPT_NS}, NULL);
        waited = true;
        int error = look_again(capture, descriptors[i].fd, record);
        if (error < 0)
            return error;
    }
    return 0;
}

/* A pidfd of the process itself; of another one, or of a thread (O_EXCL is PIDFD_THREAD), nothing can take the place. */
static bool is_own_pidfd(const struct capture *capture, const char *info, const struct ckpt_description *record)
{
    return text_number(info, "Pid:", 10, 0) == (uint64_t)capture->pid && !(record->open_flags & O_EXCL);
}

/* The queue's own text tells whom it notifies (ipc/mqueue.c, mqueue_read_file). Opened anew, for the program's own descriptor
 * may be one that only writes. Returns 1, 0 or -errno. */
static int notifies_program(const struct capture *capture, const struct open_file *file)
{
    AUTO_CLOSE int fd = open_proc(O_RDONLY | O_NONBLOCK, "%d/fd/%d", capture->pid, file->fd);
    char text[256];
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
    if (size < 0)
        return fd < 0 ? fd : -errno;
    text[size] = 0;
    const char *process = strstr(text, "NOTIFY_PID:");
    return process && strtol(process + strlen("NOTIFY_PID:"), NULL, 10) == capture->pid;
}

/* What it holds is the system's and stays there. */
int describe_queue(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    int notifies = notifies_program(capture, file);
    record->kind = CKPT_FILE_QUEUE;
    if (file->status.st_nlink == 0 || strchr(file->path + 1, '/'))
        return refuse_file(capture, file, "a message queue that has lost its name", "close it before");
    if (notifies < 0)
        return refuse(capture->report, notifies, "reading descriptor %d of process %d (%s): %s", file->fd, capture->pid, file->path,
                      strerror(-notifies));
    if (notifies)
        return refuse_file(capture, file, "a message queue that notifies the program (mq_notify)", "take that back before");
    return 0;
}

int describe_kernel_file(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    const char *info = (char *)file->info.data;
    if (strcmp(file->path, "anon_inode:[eventfd]") == 0) {
        record->kind = CKPT_FILE_EVENTFD;
        record->values[0] = text_number(info, "eventfd-count:", 16, 0);
        record->values[1] = text_number(info, "eventfd-semaphore:", 10, 0) != 0;
        return 0;
    }
    if (strcmp(file->path, "anon_inode:[signalfd]") == 0) {
        record->kind = CKPT_FILE_SIGNALFD;
        record->values[0] = text_number(info, "sigmask:", 16, 0);
        return 0;
    }
    if (strcmp(file->path, "anon_inode:[eventpoll]") == 0) {
        record->kind = CKPT_FILE_EPOLL;
        return 0;
    }
    if (strcmp(file->path, "anon_inode:[timerfd]") == 0)
        return describe_timer(capture, file, record);
    if (strcmp(file->path, "anon_inode:inotify") == 0)
        return describe_inotify(capture, file, record);
    if (strcmp(file->path, "anon_inode:[pidfd]") == 0 && is_own_pidfd(capture, info, record)) {
        record->kind = CKPT_FILE_PIDFD;
        return 0;
    }
    record->kind = CKPT_FILE_OUTSIDE;
    if (file->standard)
        return 0;
    const char *name = strncmp(file->path, "anon_inode:", 11) == 0 ? file->path + 11 : file->path;
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: descriptor %d is a kernel object of kind %s, which cannot be captured; close "
                  "it before, or " FOREIGN_ADVICE, capture->pid, file->fd, name);
}

static const struct ckpt_description *find_description(const struct capture *capture, int fd)
{
    const struct ckpt_descriptor *descriptors = (const void *)capture->descriptors.data;
    const struct ckpt_description *descriptions = (const void *)capture->descriptions.data;
    for (size_t i = 0; i < capture->descriptors.size / sizeof(*descriptors); i++)
        if (descriptors[i].fd == fd)
            return &descriptions[descriptors[i].description];
    return NULL;
}

/* A watch stays when its descriptor is closed while a duplicate lives; such a one cannot be set up again by number. */
/* Whether the set watches another file than the one that has the number now: all eventfds, for instance, have one inode. */
static bool watches_another(struct capture *capture, int epoll, uint32_t description, int fd)
{
    struct kcmp_epoll_slot slot = {.efd = (uint32_t)epoll, .tfd = (uint32_t)fd};
    const struct ckpt_epoll_item *items = (const void *)capture->epoll_items.data;
    for (size_t i = 0; i < capture->epoll_items.size / sizeof(*items); i++)
        slot.toff += items[i].description == description && items[i].fd == fd;
    return syscall(SYS_kcmp, capture->pid, capture->pid, KCMP_EPOLL_TFD, fd, &slot) > 0;
}

static int add_item(struct capture *capture, int epoll, uint32_t description, const char *line)
{
    int fd;
    unsigned events, device;
    unsigned long long data, inode;
    long long position;
    if (sscanf(line, "%d events: %x data: %llx pos:%lld ino:%llx sdev:%x", &fd, &events, &data, &position, &inode,
               &device) != 6)
        return refuse(capture->report, -ENOTSUP, "reading the watch list of descriptor %d of process %d: %.60s", epoll,
                      capture->pid, line);
    const struct ckpt_description *watched = find_description(capture, fd);
    if (!watched || watched->inode != inode || (watched->dev_major << 20 | watched->dev_minor) != device ||
        watches_another(capture, epoll, description, fd))
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: the epoll instance at descriptor %d watches what was descriptor %d and is "
                      "closed now, which cannot be captured; remove it from the list before closing",
                      capture->pid, epoll, fd);
    struct ckpt_epoll_item *item = buffer_extend(&capture->epoll_items, sizeof(*item));
    if (item)
        *item = (struct ckpt_epoll_item){.description = description, .fd = fd, .events = events, .data = data};
    return 0;
}

int read_epoll_items(struct capture *capture)
{
    AUTO_BUFFER struct buffer seen = {0}, info = {0};
    size_t count = capture->descriptors.size / sizeof(struct ckpt_descriptor);
    uint8_t *done = buffer_extend(&seen, capture->descriptions.size / sizeof(struct ckpt_description));
    for (size_t i = 0; done && i < count; i++) {
        struct ckpt_descriptor descriptor = ((struct ckpt_descriptor *)(void *)capture->descriptors.data)[i];
        struct ckpt_description *record = (void *)capture->descriptions.data;
        if (record[descriptor.description].kind != CKPT_FILE_EPOLL || done[descriptor.description])
            continue;
        done[descriptor.description] = 1;
        int error = read_proc(&info, "%d/fdinfo/%d", capture->pid, descriptor.fd);
        if (error < 0)
            return error;
        const char *line = text_field((char *)info.data, "tfd:");
        while (line) {
            add_item(capture, descriptor.fd, descriptor.description, line);
            line = strchr(line, '\n');
            line = line ? text_field(line + 1, "tfd:") : NULL;
        }
    }
    return 0;
}
