// SPDX-License-Identifier: Apache-2.0
/*
 * PTRACE_SEIZE and PTRACE_INTERRUPT for each entry of /proc/PID/task, until a look at that directory, made while all known
 * threads stand, shows no new one. Nothing of theirs is changed, so that they go on by themselves when this process dies.
 */
#include "restore/lazy_tracer.h"

#include <stdbool.h>

#include "restore/stopped_call.h"
#include "restore/sys.h"
#include "restore/text.h"

#define QUICK_LOOKS 200
#define LOOKS 500
#define REST_NS 50000
#define LIST_BYTES 2048
#define STAT_BYTES 128

struct directory_entry { /* struct linux_dirent64 */
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int64_t trace(uint64_t request, uint32_t tid, uint64_t data)
{
    return syscall4(NR_ptrace, request, tid, 0, data);
}

static int64_t open_path(struct stub_line *path, uint32_t flags)
{
    line_append(path, "%c", (int64_t)0);
    return sys_open(path->bytes, flags | ABI_O_RDONLY | ABI_O_CLOEXEC);
}

/* A main thread that has ended before the others stays listed. */
static bool has_ended(const struct lazy_tracer *tracer, uint32_t tid)
{
    struct stub_line path = {.length = 0};
    char text[STAT_BYTES];
    int64_t fd, count, behind_name = 0;

    line_append(&path, "/proc/%u/task/%u/stat", (uint64_t)tracer->pid, (uint64_t)tid);
    fd = open_path(&path, 0);
    if (fd < 0)
        return fd == -ABI_ENOENT;
    count = sys_read((int)fd, text, sizeof(text));
    sys_close((int)fd);
    for (int64_t i = 0; i < count; i++) {
        if (text[i] == ')')
            behind_name = i + 2;
    }
    return count < 0 || (behind_name > 0 && behind_name < count && (text[behind_name] == 'Z' || text[behind_name] == 'X'));
}

static void rest(uint32_t look)
{
    struct abi_timespec time = {.nanoseconds = REST_NS};

    if (look < QUICK_LOOKS)
        syscall1(NR_sched_yield, 0);
    else
        syscall2(NR_nanosleep, STUB_ADDRESS(&time), 0);
}

/* A signal that the thread had already taken is delivered first. Returns 1 when it stands, 0 when it has ended, -EAGAIN
 * when it does neither, as one that waits for the child of its vfork. */
static int64_t await_stop(uint32_t tid)
{
    for (uint32_t look = 0; look < LOOKS; look++) {
        uint32_t status = 0;
        int64_t found = syscall4(NR_wait4, tid, STUB_ADDRESS(&status), ABI_WNOHANG | WAIT_ALL, 0);

        if (found == 0) {
            rest(look);
            continue;
        }
        if (found < 0 || (status & 0xff) != 0x7f)
            return 0;
        stopped_call_mend(tid);
        if (status >> 16 == ABI_PTRACE_EVENT_STOP)
            return 1;
        trace(ABI_PTRACE_CONT, tid, status >> 16 == 0 ? status >> 8 & 0xff : 0);
    }
    return -ABI_EAGAIN;
}

static int64_t stop(struct lazy_tracer *tracer, uint32_t tid)
{
    int64_t result = trace(ABI_PTRACE_SEIZE, tid, 0);

    if (result < 0)
        return result == -ABI_ESRCH || has_ended(tracer, tid) ? 0 : result;
    trace(ABI_PTRACE_INTERRUPT, tid, 0);
    result = await_stop(tid);
    if (result > 0)
        tracer->tids[tracer->count++] = tid;
    return result;
}

static bool stands(const struct lazy_tracer *tracer, uint32_t tid)
{
    for (uint32_t i = tracer->count; i > 0; i--) {
        if (tracer->tids[i - 1] == tid)
            return true;
    }
    return false;
}

/* Returns how many more stand now, or -errno. */
static int64_t stop_listed(struct lazy_tracer *tracer, const uint8_t *entries, uint64_t bytes)
{
    int64_t more = 0, result = 0;

    for (uint64_t at = 0; at < bytes && result >= 0;) {
        const struct directory_entry *entry = (const struct directory_entry *)(entries + at);
        const char *name = entry->name;
        uint32_t tid = text_number(&name);

        at += entry->length;
        if (tid == 0 || tid == tracer->spared || stands(tracer, tid))
            continue;
        result = tracer->count < LAZY_TRACER_THREADS ? stop(tracer, tid) : -ABI_EAGAIN;
        more += result;
    }
    return result < 0 ? result : more;
}

static int64_t stop_all_listed(struct lazy_tracer *tracer)
{
    _Alignas(8) uint8_t entries[LIST_BYTES];
    struct stub_line path = {.length = 0};
    int64_t bytes, fd, more = 0, result = 0;

    line_append(&path, "/proc/%u/task", (uint64_t)tracer->pid);
    fd = open_path(&path, ABI_O_DIRECTORY);
    if (fd < 0)
        return fd;
    do {
        bytes = sys_getdents(fd, entries, sizeof(entries));
        result = bytes < 0 ? bytes : stop_listed(tracer, entries, (uint64_t)bytes);
        more += result;
    } while (bytes > 0 && result >= 0);
    sys_close((int)fd);
    return result < 0 ? result : more;
}

/* In another pid namespace than /proc's, its numbers mean other threads. */
static bool proc_has_our_numbers(void)
{
    char text[16];
    const char *next = text;
    int64_t count = syscall3(NR_readlink, STUB_ADDRESS("/proc/self"), STUB_ADDRESS(text), sizeof(text) - 1);

    if (count <= 0)
        return false;
    text[count] = '\0';
    return text_number(&next) == (uint32_t)sys_getpid();
}

int64_t lazy_tracer_stop(struct lazy_tracer *tracer)
{
    int64_t more;

    tracer->count = 0;
    if (!proc_has_our_numbers())
        return -ABI_EAGAIN;
    do
        more = stop_all_listed(tracer);
    while (more > 0);
    return more;
}

void lazy_tracer_bind(const struct lazy_tracer *tracer)
{
    for (uint32_t i = 0; i < tracer->count; i++)
        trace(ABI_PTRACE_SETOPTIONS, tracer->tids[i], ABI_PTRACE_O_EXITKILL);
}

void lazy_tracer_release(const struct lazy_tracer *tracer)
{
    for (uint32_t i = 0; i < tracer->count; i++)
        trace(ABI_PTRACE_DETACH, tracer->tids[i], 0);
}
