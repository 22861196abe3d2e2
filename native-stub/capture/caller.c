/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "image_format.h"
#include "proc_files.h"

#define LOOK_INTERVAL_NS 500000
#define LOOKS 20000 /* ten seconds */

static int read_record(int mem, uint64_t address, struct image_launch_record *ret)
{
    ssize_t got = pread(mem, ret, offsetof(struct image_launch_record, message), (off_t)address);
    return got == (ssize_t)offsetof(struct image_launch_record, message) ? 0 : -1;
}

static bool is_asked_for(const struct image_launch_record *record, uint64_t cookie)
{
    return record->magic == IMAGE_LAUNCH_MAGIC_U64 && record->size == sizeof(*record) && record->cookie == cookie;
}

bool caller_waits(int mem, uint64_t address, uint64_t cookie)
{
    struct image_launch_record record;
    return read_record(mem, address, &record) == 0 && is_asked_for(&record, cookie) && record.state == IMAGE_LAUNCH_PENDING;
}

/* Whether the numbers in /proc are those of this process's own name space. */
static bool is_own_proc(void)
{
    char link[32] = "", own[32];
    snprintf(own, sizeof(own), "%d", (int)getpid());
    return readlink("/proc/self", link, sizeof(link) - 1) > 0 && strcmp(link, own) == 0;
}

/* Returns 0, or -1 with the reason written to the program. */
static int look_at_record(struct caller *caller)
{
    struct image_launch_record record;
    char reason[256] = "";
    caller->mem = open_proc(O_RDWR, "%d/mem", caller->pid);
    if (!is_own_proc())
        snprintf(reason, sizeof(reason), "%cckpt finds no /proc of this pid name space: mount it (mount -t proc proc /proc)",
                 CALLER_DENIED);
    else if (caller->mem < 0)
        snprintf(reason, sizeof(reason), "%cckpt may not trace this process (%s); see kernel.yama.ptrace_scope in proc(5), or "
                 "start the program with more rights", CALLER_DENIED, strerror(-caller->mem));
    else if (read_record(caller->mem, caller->record, &record) < 0 || !is_asked_for(&record, caller->cookie))
        snprintf(reason, sizeof(reason), "%s is not of the release of this program's libundump", CAPTURE_ENGINE);
    if (!*reason)
        return 0;
    send(STDIN_FILENO, reason, strlen(reason), MSG_NOSIGNAL);
    return -1;
}

static void let_go_of_socket(void)
{
    int fd = open("/dev/null", O_RDWR);
    if (fd >= 0) {
        for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++)
            dup2(fd, standard);
        close(fd);
    } else {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        close(STDERR_FILENO);
    }
}

int caller_meet(struct caller *caller)
{
    static const char ready[] = {CALLER_READY};
    struct image_launch_record record;
    char word;
    if (read(STDIN_FILENO, &word, 1) != 1 || look_at_record(caller) < 0)
        return -1;
    if (send(STDIN_FILENO, ready, sizeof(ready), MSG_NOSIGNAL) != sizeof(ready))
        return -1;
    let_go_of_socket();
    for (int look = 0; look < LOOKS; look++) {
        struct timespec moment = {0, LOOK_INTERVAL_NS};
        if (read_record(caller->mem, caller->record, &record) < 0 || !is_asked_for(&record, caller->cookie))
            return -1;
        if (record.state == IMAGE_LAUNCH_PENDING)
            return 0;
        nanosleep(&moment, NULL);
    }
    return -1;
}

/* It may have ended: nobody waits then. */
static int write_field(const struct caller *caller, size_t offset, const void *bytes, size_t size)
{
    return pwrite(caller->mem, bytes, size, (off_t)(caller->record + offset)) == (ssize_t)size ? 0 : -ESRCH;
}

static size_t put_lines(char *text, size_t size, const struct report *report)
{
    size_t length = 0;
    for (size_t i = 0; i < report->count && i < REPORT_LINES && length < size - 1; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? "\n" : "",
                                   report->lines[i] ? report->lines[i] : "out of memory");
    return (length < size ? length : size - 1) + 1;
}

/* The state comes last: with it the program goes on. */
void caller_answer(const struct caller *caller, int error, const struct report *report)
{
    char text[sizeof(((struct image_launch_record *)0)->message)] = "";
    uint32_t state = error < 0 ? IMAGE_LAUNCH_FAILED : IMAGE_LAUNCH_SAVED;
    int32_t number = error;
    if (!caller_waits(caller->mem, caller->record, caller->cookie))
        return;
    write_field(caller, offsetof(struct image_launch_record, message), text, put_lines(text, sizeof(text), report));
    write_field(caller, offsetof(struct image_launch_record, error), &number, sizeof(number));
    write_field(caller, offsetof(struct image_launch_record, state), &state, sizeof(state));
}

void caller_name_child(const struct caller *caller, int32_t child)
{
    write_field(caller, offsetof(struct image_launch_record, child), &child, sizeof(child));
}

int caller_answer_fork(const struct caller *caller, uint32_t state, int32_t child)
{
    caller_name_child(caller, child);
    return write_field(caller, offsetof(struct image_launch_record, state), &state, sizeof(state));
}
