/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "preflight.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "proc_files.h"
#include "rights.h"

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */
#define STAT_PARENT 4
#define STAT_FLAGS 9
#define OLDEST_KERNEL_MAJOR 5
#define OLDEST_KERNEL_MINOR 13

static int check_kernel(struct report *report)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    uname(&name);
    if (sscanf(name.release, "%u.%u", &major, &minor) != 2 || major > OLDEST_KERNEL_MAJOR ||
        (major == OLDEST_KERNEL_MAJOR && minor >= OLDEST_KERNEL_MINOR))
        return 0;
    return refuse(report, -ENOSYS, "capturing on Linux %s: needs Linux %d.%d or newer (PTRACE_GET_RSEQ_CONFIGURATION)",
                  name.release, OLDEST_KERNEL_MAJOR, OLDEST_KERNEL_MINOR);
}

static int check_exists(struct capture *capture, struct buffer *stat)
{
    pid_t pid = capture->pid;
    AUTO_BUFFER struct buffer status = {0};
    if (read_proc(&status, "%d/status", pid) < 0 || read_proc(stat, "%d/stat", pid) < 0) {
        if (access("/proc/self/stat", R_OK) < 0)
            return refuse(capture->report, -ENOENT, "capturing process %d: /proc is not mounted; mount it", pid);
        return refuse(capture->report, -ESRCH, "capturing process %d: there is no such process", pid);
    }
    uint64_t group = text_number((char *)status.data, "Tgid:", 10, (uint64_t)pid);
    if (group != (uint64_t)pid)
        return refuse(capture->report, -EINVAL, "capturing process %d: that is a thread of process %d; give %d", pid,
                      (int)group, (int)group);
    if (pid == getpid())
        return refuse(capture->report, -EINVAL, "capturing process %d: that is ckpt itself", pid);
    if (stat_field((char *)stat->data, STAT_FLAGS) & PF_KTHREAD)
        return refuse(capture->report, -EINVAL, "capturing process %d: it is a kernel thread, not a program", pid);
    char state = stat_state((char *)stat->data);
    if (state != 'Z' && state != 'X')
        return 0;
    if (text_number((char *)status.data, "Threads:", 10, 1) > 1)
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: its main thread has ended; programs that go on without it cannot be "
                      "captured", pid);
    return refuse(capture->report, -ESRCH, "capturing process %d: it has ended already and is a zombie", pid);
}

static int check_tracer(struct capture *capture, const char *status)
{
    pid_t tracer = (pid_t)text_number(status, "TracerPid:", 10, 0);
    if (tracer == 0 || (capture->request->seized && tracer == getpid()))
        return 0;
    AUTO_BUFFER struct buffer text = {0};
    char name[64] = "a debugger";
    if (read_proc(&text, "%d/comm", tracer) == 0)
        text_line((char *)text.data, name, sizeof(name));
    pid_t parent = (pid_t)text_number(status, "PPid:", 10, 0);
    if (strcmp(name, "ckpt") == 0 && tracer == parent)
        return refuse(capture->report, -EBUSY,
                      "capturing process %d: it runs under ckpt (pid %d); send it SIGUSR2 instead (kill -USR2 %d)",
                      capture->pid, tracer, capture->pid);
    return refuse(capture->report, -EBUSY, "capturing process %d: %s (pid %d) traces it; end that first", capture->pid,
                  name, tracer);
}

static int describe_permission(struct capture *capture, const char *status, int error)
{
    unsigned owner = (unsigned)text_number(status, "Uid:", 10, 0);
    if (error == -ESRCH || error == -ENOENT)
        return refuse(capture->report, -ESRCH, "capturing process %d: it ended meanwhile", capture->pid);
    if (geteuid() != 0 && owner != geteuid())
        return refuse(capture->report, error,
                      "capturing process %d: it belongs to user %u and ckpt runs as user %u; run ckpt as that user or "
                      "as root", capture->pid, owner, (unsigned)geteuid());
    AUTO_BUFFER struct buffer scope = {0};
    int level = 0;
    if (read_proc(&scope, "sys/kernel/yama/ptrace_scope") == 0)
        level = (int)strtol((char *)scope.data, NULL, 10);
    if (level > 0)
        return refuse(capture->report, error,
                      "capturing process %d: kernel.yama.ptrace_scope is %d, which forbids it; start the program with "
                      "ckpt, or run ckpt as root", capture->pid, level);
    return refuse(capture->report, error,
                  "capturing process %d: %s (a set-uid program, one that forbids tracing, or one with more "
                  "capabilities than ckpt); run ckpt %s", capture->pid, strerror(-error),
                  geteuid() == 0 ? "with CAP_SYS_PTRACE, outside of containers" : "as root");
}

static int check_permission(struct capture *capture, const char *status)
{
    capture->mem = open_proc(O_RDWR, "%d/mem", capture->pid);
    if (capture->mem < 0)
        return describe_permission(capture, status, capture->mem);
    char link[PATH_MAX];
    ssize_t length = read_proc_link(link, sizeof(link), "%d/exe", capture->pid);
    if (length < 0)
        return describe_permission(capture, status, (int)length);
    capture->pagemap = open_proc(O_RDONLY, "%d/pagemap", capture->pid);
    if (capture->pagemap < 0)
        return describe_permission(capture, status, capture->pagemap);
    capture->pidfd = (int)syscall(SYS_pidfd_open, capture->pid, 0);
    if (capture->pidfd < 0)
        return refuse(capture->report, -errno, "capturing process %d: pidfd_open: %s", capture->pid, strerror(errno));
    return 0;
}

static void check_kind(struct capture *capture, const char *status)
{
    unsigned char ident[EI_NIDENT] = {0};
    AUTO_CLOSE int exe = open_proc(O_RDONLY, "%d/exe", capture->pid);
    if (exe >= 0 && read(exe, ident, sizeof(ident)) == sizeof(ident) && memcmp(ident, ELFMAG, SELFMAG) == 0 &&
        ident[EI_CLASS] != ELFCLASS64)
        refuse(capture->report, -ENOTSUP, "capturing process %d: it is a 32-bit program; only 64-bit ones are supported",
               capture->pid);
    const char *features = text_field(status, "x86_Thread_features:");
    char line[128] = "";
    if (features)
        text_line(features, line, sizeof(line));
    if (strstr(line, "shstk"))
        refuse(capture->report, -ENOTSUP,
               "capturing process %d: it runs with a shadow stack, which is not supported; start it with "
               "GLIBC_TUNABLES=glibc.cpu.hwcaps=-SHSTK", capture->pid);
    check_filters_readable(capture, text_number(status, "Seccomp:", 10, 0));
}

static void check_state(struct capture *capture, const char *stat)
{
    if (stat_state(stat) == 'T')
        refuse(capture->report, -EBUSY,
               "capturing process %d: it is stopped by job control; continue it first (kill -CONT %d)", capture->pid,
               capture->pid);
}

/* In another mount namespace of the same tree the link's text does not tell. */
static bool is_own_root(pid_t pid)
{
    char path[32];
    struct stat own, other;
    snprintf(path, sizeof(path), "/proc/%d/root", pid);
    return stat("/", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* All names are taken as they are seen from here, and a launch would not enter the other root. */
static void check_root(struct capture *capture)
{
    char root[PATH_MAX];
    ssize_t length = read_proc_link(root, sizeof(root), "%d/root", capture->pid);
    if (length > 0 && strcmp(root, "/") != 0 && !is_own_root(capture->pid))
        refuse(capture->report, -ENOTSUP,
               "capturing process %d: its root directory is %s (chroot), which a launch would not enter; run ckpt inside "
               "of it: chroot %s ckpt --pid %d", capture->pid, root, root, capture->pid);
}

static void find_vdso(struct capture *capture)
{
    AUTO_BUFFER struct buffer maps = {0};
    if (read_proc(&maps, "%d/maps", capture->pid) < 0)
        return;
    for (char *line = (char *)maps.data; line && *line; ) {
        struct map_line map;
        if (parse_map_line(line, &map) && map.name_length == 6 && memcmp(map.name, "[vdso]", 6) == 0) {
            capture->vdso_start = map.start;
            capture->vdso_end = map.end;
        }
        line = strchr(line, '\n');
        if (line)
            line++;
    }
}

/* Where the program reaps for others, the engine that its own call has started is among its children. */
static bool is_engine(const struct capture *capture, pid_t pid)
{
    pid_t engine = capture->request->engine;
    AUTO_BUFFER struct buffer stat = {0};
    if (pid == getpid() || pid == getppid() || (engine && pid == engine))
        return true;
    return engine && read_proc(&stat, "%d/stat", engine) == 0 && stat_field((char *)stat.data, STAT_PARENT) == (uint64_t)pid;
}

/* The name of the first child, living or not, and how many there are. */
static size_t count_children(const struct capture *capture, pid_t *ret_first)
{
    AUTO_FREE pid_t *pids = NULL;
    AUTO_BUFFER struct buffer text = {0};
    size_t count, children = 0;
    if (list_proc_numbers(&pids, &count, ".") < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (read_proc(&text, "%d/stat", pids[i]) < 0 || stat_field((char *)text.data, STAT_PARENT) != (uint64_t)capture->pid ||
            is_engine(capture, pids[i]))
            continue;
        if (children++ == 0)
            *ret_first = pids[i];
    }
    return children;
}

/* Most kernels list the children of a thread; else every process has to be asked for its parent. */
static size_t find_children(const struct capture *capture, pid_t *ret_first)
{
    AUTO_FREE pid_t *tids = NULL;
    AUTO_BUFFER struct buffer text = {0};
    size_t count, children = 0;
    if (list_proc_numbers(&tids, &count, "%d/task", capture->pid) < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        int error = read_proc(&text, "%d/task/%d/children", capture->pid, tids[i]);
        if (error < 0 && access("/proc/self/task", R_OK) == 0 && access("/proc/thread-self/children", R_OK) < 0)
            return count_children(capture, ret_first);
        for (char *at = (char *)text.data; error == 0 && *at; ) {
            char *end;
            long child = strtol(at, &end, 10);
            if (end == at)
                break;
            if (!is_engine(capture, (pid_t)child) && children++ == 0)
                *ret_first = (pid_t)child;
            at = end + strspn(end, " \n");
        }
    }
    return children;
}

int check_children(struct capture *capture)
{
    pid_t child = 0;
    size_t count = find_children(capture, &child);
    if (count == 0)
        return 0;
    if (capture->request->allow & ALLOW_CHILDREN) {
        capture->allowed |= ALLOW_CHILDREN;
        return 0;
    }
    AUTO_BUFFER struct buffer text = {0};
    char name[64] = "?";
    if (read_proc(&text, "%d/comm", child) == 0)
        text_line((char *)text.data, name, sizeof(name));
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: it has %zu child process%s (%d, %s), which would be missing; wait until they "
                  "have ended, or go without them by --allow children", capture->pid, count, count == 1 ? "" : "es",
                  child, name);
}

int preflight(struct capture *capture)
{
    AUTO_BUFFER struct buffer stat = {0}, status = {0};
    int error = check_kernel(capture->report);
    if (error == 0)
        error = check_exists(capture, &stat);
    if (error < 0)
        return error;
    if (read_proc(&status, "%d/status", capture->pid) < 0)
        return refuse(capture->report, -ESRCH, "capturing process %d: it ended meanwhile", capture->pid);
    const char *text = (char *)status.data;
    error = check_tracer(capture, text);
    if (error == 0)
        error = check_permission(capture, text);
    if (error < 0)
        return error;
    check_kind(capture, text);
    check_state(capture, (char *)stat.data);
    check_root(capture);
    check_children(capture);
    find_vdso(capture);
    return capture->report->count ? -ENOTSUP : 0;
}
