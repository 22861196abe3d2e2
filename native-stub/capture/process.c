/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "process.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "proc_files.h"

#define LIMIT_NAME_BYTES 26 /* column of the values in /proc/PID/limits */

static int describe(struct capture *capture, const char *what, int error)
{
    return refuse(capture->report, error, "reading %s of process %d: %s", what, capture->pid, strerror(-error));
}

static int read_status(struct capture *capture, struct buffer *text)
{
    struct ckpt_process *process = &capture->process;
    int error = read_proc(text, "%d/status", capture->pid);
    if (error < 0)
        return describe(capture, "the status", error);
    const char *status = (char *)text->data;
    const char *uids = text_field(status, "Uid:"), *gids = text_field(status, "Gid:");
    unsigned effective;
    process->own_pid = (uint32_t)text_last_number(status, "NSpid:", (uint64_t)capture->pid);
    process->parent_pid = (uint32_t)text_number(status, "PPid:", 10, 0);
    process->umask = (uint32_t)text_number(status, "Umask:", 8, 022);
    process->no_new_privs = (uint32_t)text_number(status, "NoNewPrivs:", 10, 0);
    if (uids && sscanf(uids, "%*u %u", &effective) == 1)
        process->uid = effective;
    if (gids && sscanf(gids, "%*u %u", &effective) == 1)
        process->gid = effective;
    return 0;
}

/* Field numbers of proc(5). */
static int read_stat(struct capture *capture, struct buffer *text)
{
    struct ckpt_process *process = &capture->process;
    int error = read_proc(text, "%d/stat", capture->pid);
    if (error < 0)
        return describe(capture, "the state", error);
    const char *stat = (char *)text->data;
    process->group_id = (uint32_t)stat_field(stat, 5);
    process->session_id = (uint32_t)stat_field(stat, 6);
    process->nice = (uint32_t)stat_field(stat, 19);
    process->start_code = stat_field(stat, 26);
    process->end_code = stat_field(stat, 27);
    process->start_stack = stat_field(stat, 28);
    process->start_data = stat_field(stat, 45);
    process->end_data = stat_field(stat, 46);
    process->start_brk = stat_field(stat, 47);
    process->arg_start = stat_field(stat, 48);
    process->arg_end = stat_field(stat, 49);
    process->env_start = stat_field(stat, 50);
    process->env_end = stat_field(stat, 51);
    return 0;
}

static int read_names(struct capture *capture, struct buffer *text)
{
    struct ckpt_process *process = &capture->process;
    char path[PATH_MAX];
    ssize_t length = read_proc_link(path, sizeof(path), "%d/exe", capture->pid);
    if (length < 0)
        return describe(capture, "the executable's name", (int)length);
    size_t size = (size_t)length;
    strip_deleted(path, &size);
    process->executable = strings_add(&capture->strings, path, size);
    length = read_proc_link(path, sizeof(path), "%d/cwd", capture->pid);
    if (length < 0)
        return describe(capture, "the working directory", (int)length);
    size = (size_t)length;
    bool deleted = strip_deleted(path, &size);
    process->working_directory = strings_add(&capture->strings, path, size);
    process->wd_state = strings_add_text(&capture->strings, deleted ? "deleted" : "");
    if (read_proc(text, "%d/cmdline", capture->pid) == 0)
        process->command_line = strings_add(&capture->strings, (char *)text->data, text->size);
    if (read_proc(text, "%d/comm", capture->pid) == 0)
        process->command_name =
            strings_add(&capture->strings, (char *)text->data, strcspn((char *)text->data, "\n"));
    if (read_proc(text, "%d/personality", capture->pid) == 0)
        process->personality = (uint32_t)strtoul((char *)text->data, NULL, 16);
    return 0;
}

static uint64_t limit_value(const char *text, char **ret_end)
{
    text += strspn(text, " ");
    if (strncmp(text, "unlimited", 9) != 0)
        return strtoull(text, ret_end, 10);
    *ret_end = (char *)(uintptr_t)text + 9;
    return UINT64_MAX;
}

/* A line for each resource in the order of their numbers, under a heading (fs/proc/base.c, proc_pid_limits). */
static int parse_limits(struct capture *capture)
{
    AUTO_BUFFER struct buffer text = {0};
    int error = read_proc(&text, "%d/limits", capture->pid);
    char *line = error < 0 ? NULL : (char *)text.data;
    for (unsigned resource = 0; error == 0 && resource < RLIM_NLIMITS; resource++) {
        struct ckpt_rlimit *limit = &capture->process.rlimits[resource];
        line = strchr(line, '\n');
        if (!line || strnlen(++line, LIMIT_NAME_BYTES) < LIMIT_NAME_BYTES)
            return describe(capture, "the resource limits", -EINVAL);
        char *value = line + LIMIT_NAME_BYTES;
        limit->soft = limit_value(value, &value);
        limit->hard = limit_value(value, &value);
    }
    return error < 0 ? describe(capture, "the resource limits", error) : 0;
}

/* Of another user's program only CAP_SYS_RESOURCE may ask the kernel, which root in a container often lacks. */
static int read_limits(struct capture *capture)
{
    struct rlimit64 first;
    if (prlimit64(capture->pid, 0, NULL, &first) < 0 && errno == EPERM)
        return parse_limits(capture);
    for (unsigned resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit64 limit;
        if (prlimit64(capture->pid, resource, NULL, &limit) < 0)
            return describe(capture, "the resource limits", -errno);
        capture->process.rlimits[resource] = (struct ckpt_rlimit){limit.rlim_cur, limit.rlim_max};
    }
    return 0;
}

static int read_auxv(struct capture *capture)
{
    int error = read_proc(&capture->auxv, "%d/auxv", capture->pid);
    if (error < 0)
        return describe(capture, "the auxiliary vector", error);
    for (size_t at = 0; at + 16 <= capture->auxv.size; at += 16) {
        uint64_t entry[2];
        memcpy(entry, capture->auxv.data + at, sizeof(entry));
        if (entry[0] == 51 /* AT_MINSIGSTKSZ */)
            capture->cpu.min_sigstack = (uint32_t)entry[1];
    }
    return 0;
}

int read_process(struct capture *capture)
{
    _Static_assert(RLIM_NLIMITS == 16, "rlimits of ckpt_process");
    AUTO_BUFFER struct buffer text = {0};
    struct ckpt_process *process = &capture->process;
    struct utsname system;
    process->pid = (uint32_t)capture->pid;
    process->trigger = capture->request->trigger;
    process->launch_record = capture->request->launch_record;
    process->launched_by_ckpt = capture->request->seized;
    process->snapshot = capture->request->cow;
    process->vdso_seen = capture->vdso_start != 0;
    process->engine = strings_add_text(&capture->strings, CAPTURE_ENGINE);
    uname(&system);
    process->kernel_release = strings_add_text(&capture->strings, system.release);
    process->kernel_version = strings_add_text(&capture->strings, system.version);
    int error = read_status(capture, &text);
    if (error == 0)
        error = read_stat(capture, &text);
    if (error == 0)
        error = read_names(capture, &text);
    if (error == 0)
        error = read_limits(capture);
    if (error == 0)
        error = read_auxv(capture);
    return error;
}
