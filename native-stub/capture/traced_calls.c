/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system call tells its thread about files, and what it changes.
 *
 * Paths are read at the entry, when the thread has not had the answer yet that may overwrite them; so is what stands at a path that the
 * call makes, changes or removes. All else is taken at the exit: what an opened file is from the descriptor itself, what stat(2) said from
 * where the thread was given it.
 */
#define _GNU_SOURCE
#include "traced_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "follower_steps.h"
#include "proc_files.h"

#define ERESTARTSYS 512 /* and up to ERESTART_RESTARTBLOCK: it is made again */
#define ERESTART_RESTARTBLOCK 516
#define CONTROL_BYTES 4096
#define STATX_NEEDED (STATX_TYPE | STATX_MODE | STATX_INO | STATX_SIZE | STATX_MTIME | STATX_CTIME)

struct pending_call {
    const struct traced_call *what;
    uint64_t number;
    uint64_t arguments[6];
    uint64_t flags;
    char *path, *second; /* absolute; NULL: none */
    int unreadable;      /* -errno of a path that the thread's memory did not give */
    bool at_link;
    struct look before;  /* what stood at path; taken for calls that change it */
};

void forget_call(struct followed *thread)
{
    if (!thread->call)
        return;
    free(thread->call->path);
    free(thread->call->second);
    free(thread->call);
    thread->call = NULL;
}

/* ---- entry ---- */

static uint64_t argument(const struct pending_call *call, int number)
{
    return number == NO_ARGUMENT ? 0 : call->arguments[number];
}

static char *read_path(struct inputs *inputs, pid_t tid, struct pending_call *call, int base, int path, bool in_root)
{
    char text[PATH_MAX];
    if (path == NO_ARGUMENT || !call->arguments[path])
        return NULL;
    long length = read_text(tid, call->arguments[path], text, sizeof(text));
    if (length < 0) {
        call->unreadable = (int)length;
        return NULL;
    }
    const char *start = text + (in_root ? strspn(text, "/") : 0);
    return absolute_path(inputs, tid, base == NO_ARGUMENT ? AT_FDCWD : (int)call->arguments[base], start);
}

/* Returns whether absolute paths count from the call's directory. */
static bool read_flags(pid_t tid, struct pending_call *call)
{
    struct open_how how = {0};
    call->flags = argument(call, call->what->flags);
    if (call->number == SYS_creat)
        call->flags = O_CREAT | O_WRONLY | O_TRUNC;
    if (call->number != SYS_openat2)
        return false;
    read_words(tid, call->arguments[2], &how, sizeof(how));
    call->flags = how.flags;
    return how.resolve & RESOLVE_IN_ROOT;
}

static bool changes_files(const struct pending_call *call)
{
    switch (call->what->action) {
    case CALL_OPEN:
        return call->flags & O_CREAT;
    case CALL_REMOVE:
    case CALL_RENAME:
        return true;
    default:
        return false;
    }
}

/* Executed by a process that is traced, such a program would not get the rights that it is there for, unless its tracer has them. */
static bool gets_rights(const char *path)
{
    struct look look;
    if (geteuid() == 0 || look_at(path, false, &look) < 0 || !S_ISREG(look.mode))
        return false;
    return (look.mode & S_ISUID) || (look.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) ||
           getxattr(path, "security.capability", NULL, 0) > 0;
}

/* Returns whether the new process is meant to trace this one, as LeakSanitizer's does. */
static bool makes_untraced(struct inputs *inputs, pid_t tid, const struct pending_call *call)
{
    uint64_t flags = call->arguments[0];
    if (call->number == SYS_clone3 && read_words(tid, call->arguments[0], &flags, sizeof(flags)) < 0)
        return false;
    if (flags & CLONE_UNTRACED)
        inputs_give_up(inputs, "its process %d has made one that nobody may trace (CLONE_UNTRACED)", tid);
    if (flags & CLONE_NEWNS)
        inputs_give_up(inputs, "its process %d has made one in another mount name space", tid);
    return flags & CLONE_UNTRACED;
}

enum after_entry enter_call(struct inputs *inputs, struct followed *thread, uint64_t number, const uint64_t arguments[6])
{
    const struct traced_call *what = find_traced_call(number);
    struct pending_call *call = what ? calloc(1, sizeof(*call)) : NULL;
    if (!call) {
        inputs->failed |= what != NULL;
        return GO_ON;
    }
    call->what = what;
    call->number = number;
    memcpy(call->arguments, arguments, sizeof(call->arguments));
    thread->call = call;
    bool in_root = read_flags(thread->tid, call);
    call->at_link = what->at_link || (what->action != CALL_OPEN && (call->flags & AT_SYMLINK_NOFOLLOW));
    call->path = read_path(inputs, thread->tid, call, what->base, what->path, in_root);
    call->second = read_path(inputs, thread->tid, call, what->second_base, what->second_path, false);
    if (call->path && changes_files(call) && look_at(call->path, what->action != CALL_OPEN, &call->before) < 0)
        call->before = (struct look){0};
    if (what->action == CALL_MAKE_PROCESS)
        return makes_untraced(inputs, thread->tid, call) ? LET_GO : GO_ON;
    if (what->action != CALL_EXECUTE || !call->path || !gets_rights(call->path))
        return GO_ON;
    inputs_give_up(inputs, "its process %d has executed %s, which gets rights that ckpt has not (set-user-ID) and cannot be followed",
                   thread->tid, call->path);
    return LET_GO;
}

/* ---- exit ---- */

static void see_opened(struct inputs *inputs, pid_t tid, const struct pending_call *call, int fd)
{
    struct look look;
    bool writes = (call->flags & O_ACCMODE) != O_RDONLY || (call->flags & O_TRUNC);
    bool reads = (call->flags & O_ACCMODE) != O_WRONLY && !(call->flags & O_TRUNC);
    char *path = call->path ? strdup(call->path) : path_of_descriptor(tid, fd);
    if (look_at_descriptor(tid, fd, &look) < 0 || !path || is_never_input(path) || (call->flags & O_TMPFILE) == O_TMPFILE) {
        free(path);
        return;
    }
    if ((call->flags & O_CREAT) && call->before.taken && call->before.mode == 0) {
        inputs_own_name(inputs, path);
        inputs_own_file(inputs, &look);
    } else if (call->flags & O_PATH) {
        see_look(inputs, path, S_ISLNK(look.mode) ? SAW_LINK : SAW_STATUS, &look);
    } else {
        if (reads)
            see_look(inputs, path, S_ISREG(look.mode) ? SAW_CONTENT : SAW_STATUS, &look);
        if (writes && S_ISREG(look.mode))
            inputs_own_file(inputs, &look);
    }
    free(path);
}

static int64_t statx_ns(const struct statx_timestamp *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static void see_answer(struct inputs *inputs, pid_t tid, const struct pending_call *call)
{
    unsigned saw = call->at_link ? SAW_LINK : SAW_STATUS;
    struct look look = {0};
    struct stat status;
    struct statx extended;
    int place = call->number == SYS_stat || call->number == SYS_lstat ? 1 : call->number == SYS_statx ? 4 : 2;
    if (call->what->action == CALL_STAT && read_words(tid, call->arguments[place], &status, sizeof(status)) == 0)
        look = look_from(&status);
    else if (call->what->action == CALL_STATX && read_words(tid, call->arguments[place], &extended, sizeof(extended)) == 0 &&
             (extended.stx_mask & STATX_NEEDED) == STATX_NEEDED)
        look = (struct look){true, extended.stx_mode, makedev(extended.stx_dev_major, extended.stx_dev_minor), extended.stx_ino,
                             extended.stx_size, statx_ns(&extended.stx_mtime), statx_ns(&extended.stx_ctime)};
    if (look.taken)
        see_look(inputs, call->path, saw, &look);
    else
        see_now(inputs, call->path, SAW_STATUS, call->at_link);
}

static void see_entries(struct inputs *inputs, pid_t tid, int fd)
{
    struct look look;
    char *name = path_of_descriptor(tid, fd);
    if (name && !is_never_input(name) && look_at_descriptor(tid, fd, &look) == 0 && S_ISDIR(look.mode))
        inputs_see_entries(inputs, &look, name);
    free(name);
}

static void own_path(struct inputs *inputs, const char *path, bool at_link)
{
    struct look look;
    if (look_at(path, at_link, &look) == 0)
        inputs_own_file(inputs, &look);
}

/* Whether its paths mean something else than ours. */
static bool is_elsewhere(pid_t tid, uint64_t number)
{
    char own[64], other[64];
    struct look own_root, other_root;
    char root[32];
    if (number != SYS_unshare && number != SYS_setns && number != SYS_chroot)
        return true;
    snprintf(root, sizeof(root), "/proc/%d/root/.", tid);
    if (read_proc_link(own, sizeof(own), "self/ns/mnt") < 0 || read_proc_link(other, sizeof(other), "%d/ns/mnt", tid) < 0 ||
        look_at("/", false, &own_root) < 0 || look_at(root, false, &other_root) < 0)
        return true;
    return strcmp(own, other) != 0 || own_root.device != other_root.device || own_root.inode != other_root.inode;
}

/* Files that others have opened for it (SCM_RIGHTS). */
static void see_received(struct inputs *inputs, pid_t tid, uint64_t address)
{
    struct msghdr message;
    union {
        char bytes[CONTROL_BYTES];
        struct cmsghdr align;
    } control;
    if (read_words(tid, address, &message, sizeof(message)) < 0 || !message.msg_control || message.msg_controllen < CMSG_LEN(sizeof(int)))
        return;
    size_t size = message.msg_controllen < sizeof(control) ? message.msg_controllen : sizeof(control);
    if (read_words(tid, (uintptr_t)message.msg_control, &control, size) < 0)
        return;
    struct msghdr own = {.msg_control = &control, .msg_controllen = size};
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&own); part; part = CMSG_NXTHDR(&own, part)) {
        const char *data = (const char *)CMSG_DATA(part), *end = (const char *)part + part->cmsg_len;
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        for (int fd; data + sizeof(fd) <= end && data + sizeof(fd) <= control.bytes + size; data += sizeof(fd)) {
            struct look look;
            memcpy(&fd, data, sizeof(fd));
            char *path = path_of_descriptor(tid, fd);
            if (path && look_at_descriptor(tid, fd, &look) == 0 && S_ISREG(look.mode))
                see_look(inputs, path, SAW_CONTENT, &look);
            free(path);
        }
    }
}

/* A call that has done what it was asked for. */
static void take_success(struct inputs *inputs, pid_t tid, const struct pending_call *call, int64_t result)
{
    const char *path = call->path;
    switch (call->what->action) {
    case CALL_OPEN:
    case CALL_OPEN_HANDLE:
        see_opened(inputs, tid, call, (int)result);
        break;
    case CALL_STAT:
    case CALL_STATX:
        if (path)
            see_answer(inputs, tid, call);
        break;
    case CALL_LOOK:
    case CALL_READ_LINK:
        if (path)
            see_now(inputs, path, SAW_STATUS, call->at_link);
        break;
    case CALL_ENTRIES:
        see_entries(inputs, tid, (int)call->arguments[0]);
        break;
    case CALL_RENAME:
    case CALL_REMOVE:
        inputs_own_file(inputs, &call->before);
        if (call->second)
            inputs_own_name(inputs, call->second);
        /* fall through */
    case CALL_MAKE:
        if (path)
            inputs_own_name(inputs, path);
        break;
    case CALL_LINK:
        if (call->second)
            inputs_own_name(inputs, call->second);
        if (path)
            own_path(inputs, path, true);
        break;
    case CALL_CHANGE:
        if (path)
            own_path(inputs, path, call->at_link);
        else if (call->what->base != NO_ARGUMENT)
            inputs_own_descriptor(inputs, tid, (int)call->arguments[call->what->base]);
        break;
    case CALL_CHANGE_OPEN:
        inputs_own_descriptor(inputs, tid, (int)call->arguments[0]);
        break;
    case CALL_NAME_SPACE:
        if (is_elsewhere(tid, call->number))
            inputs_give_up(inputs, "its process %d has gone to another root directory or mount name space, or changed mounts, so that "
                           "its paths mean other files than those of a launch", tid);
        break;
    case CALL_RECEIVE:
        see_received(inputs, tid, call->arguments[1]);
        break;
    case CALL_RING:
        inputs_give_up(inputs, "its process %d has used io_uring, whose calls cannot be followed", tid);
        break;
    default:
        break;
    }
}

/* Errors that come before anything was looked at, or that say nothing about the path. */
static bool tells_nothing(int64_t result)
{
    switch (result) {
    case -EFAULT: case -ENAMETOOLONG: case -EINTR: case -EBADF: case -ENOMEM: case -EMFILE: case -ENFILE: case -ENOSYS: case -EAGAIN:
        return true;
    default:
        return result <= -ERESTARTSYS && result >= -ERESTART_RESTARTBLOCK;
    }
}

void leave_call(struct inputs *inputs, struct followed *thread, int64_t result)
{
    const struct pending_call *call = thread->call;
    if (call->unreadable && !tells_nothing(result))
        inputs_give_up(inputs, "a path that its process %d has used cannot be read from its memory (%s)", thread->tid,
                       strerror(-call->unreadable));
    else if (result >= 0)
        take_success(inputs, thread->tid, call, result);
    else if (call->path && !tells_nothing(result) && call->what->action == CALL_EXECUTE)
        see_executed(inputs, thread->tid, call->path);
    else if (call->path && !tells_nothing(result))
        see_failure(inputs, call->path, call->at_link || (call->what->action == CALL_OPEN && (call->flags & O_NOFOLLOW)));
    forget_call(thread);
}
