/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "rights.h"

#include <errno.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc_files.h"

#define IOPRIO_WHO_PROCESS 1 /* linux/ioprio.h */
#define IOPRIO_CLASS_SHIFT 13
#define CAPABILITY_SYS_ADMIN 21
#define NODES_ASKED 1024 /* as many as any kernel has */
#define NODE_WORDS (NODES_ASKED / 64)

/* ---- /proc ---- */

static void read_ids(const char *status, const char *name, uint32_t ids[4])
{
    const char *text = text_field(status, name);
    if (text)
        sscanf(text, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]);
}

static struct ckpt_string read_groups(struct capture *capture, const char *status)
{
    AUTO_BUFFER struct buffer groups = {0};
    const char *text = text_field(status, "Groups:");
    while (text && *text && *text != '\n') {
        char *end;
        uint32_t group = (uint32_t)strtoul(text, &end, 10);
        if (end == text)
            break;
        buffer_append(&groups, &group, sizeof(group));
        text = end + strspn(end, " ");
    }
    return strings_add(&capture->strings, (char *)groups.data, groups.size);
}

static bool same_namespace(pid_t pid, const char *name)
{
    char own[64], other[64];
    ssize_t own_length = read_proc_link(own, sizeof(own), "self/ns/%s", name);
    ssize_t other_length = read_proc_link(other, sizeof(other), "%d/ns/%s", pid, name);
    return own_length < 0 || other_length < 0 || strcmp(own, other) == 0;
}

bool in_our_time_namespace(const struct capture *capture)
{
    return same_namespace(capture->pid, "time");
}

void note_rights(struct capture *capture, struct thread *thread, const char *status)
{
    struct ckpt_rights *rights = &thread->rights;
    read_ids(status, "Uid:", rights->uids);
    read_ids(status, "Gid:", rights->gids);
    if (thread == &capture->threads[0]) /* all are in one: a thread among several cannot change it */
        capture->has_other_users = !same_namespace(capture->pid, "user");
    if (!capture->has_other_users) {
        rights->inheritable = text_number(status, "CapInh:", 16, 0);
        rights->permitted = text_number(status, "CapPrm:", 16, 0);
        rights->effective = text_number(status, "CapEff:", 16, 0);
        rights->bounding = text_number(status, "CapBnd:", 16, 0);
        rights->ambient = text_number(status, "CapAmb:", 16, 0);
    } else {
        rights->flags |= CKPT_RIGHTS_OTHER_USERS;
    }
    if (text_number(status, "NoNewPrivs:", 10, 0))
        rights->flags |= CKPT_RIGHTS_NO_NEW_PRIVILEGES;
    thread->seccomp_mode = (uint32_t)text_number(status, "Seccomp:", 10, 0);
    const struct thread *leader = &capture->threads[0];
    const char *groups = text_field(status, "Groups:");
    const char *line_end = groups ? strchr(groups, '\n') : NULL;
    size_t size = line_end ? (size_t)(line_end - groups) : 0;
    if (thread != leader && size == capture->leader_groups.size &&
        (size == 0 || memcmp(groups, capture->leader_groups.data, size) == 0)) {
        rights->groups = leader->rights.groups;
        return;
    }
    rights->groups = read_groups(capture, status);
    if (thread == leader && size)
        buffer_append(&capture->leader_groups, groups, size);
}

static int32_t oom_score_of(pid_t pid)
{
    AUTO_BUFFER struct buffer text = {0};
    return read_proc(&text, "%d/oom_score_adj", pid) == 0 && text.size ? (int32_t)strtol((char *)text.data, NULL, 10) : 0;
}

/* A value that the program has in common with who started it belongs to its surroundings, and those of a launch are others. */
static int32_t read_oom_score(const struct capture *capture)
{
    int32_t own = oom_score_of(capture->pid);
    return own == oom_score_of((pid_t)capture->process.parent_pid) ? 0 : own;
}

static uint32_t read_io_priority(pid_t tid)
{
    long priority = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, tid);
    return priority < 0 || priority >> IOPRIO_CLASS_SHIFT == 0 ? 0 : (uint32_t)priority;
}

void check_filters_readable(struct capture *capture, uint64_t mode)
{
    AUTO_BUFFER struct buffer own = {0};
    if (mode == 0 || read_proc(&own, "self/status") < 0)
        return;
    const char *status = (char *)own.data;
    const char *what = mode == 1 ? "strict mode" : "filter";
    if (text_number(status, "Seccomp:", 10, 0))
        refuse(capture->report, -ENOTSUP,
               "capturing process %d: it runs under a seccomp %s, and so does ckpt, which therefore may not read it; run ckpt "
               "outside of the container", capture->pid, what);
    else if (!(text_number(status, "CapEff:", 16, 0) >> CAPABILITY_SYS_ADMIN & 1))
        refuse(capture->report, -EPERM,
               "capturing process %d: it runs under a seccomp %s, which only root (CAP_SYS_ADMIN) may read; run ckpt as root, "
               "or start the program without", capture->pid, what);
}

int read_rights(struct capture *capture)
{
    int32_t oom_score = read_oom_score(capture);
    for (size_t i = 0; i < capture->thread_count; i++) {
        struct thread *thread = &capture->threads[i];
        thread->rights.oom_score_adj = oom_score;
        thread->rights.io_priority = read_io_priority(thread->tid);
        int error = thread->seccomp_mode ? read_filters(capture, thread) : 0;
        if (error < 0)
            return error;
    }
    return 0;
}

/* ---- questions ---- */

static int ask_securebits(struct injector *injector, struct thread *thread)
{
    const uint64_t arguments[6] = {PR_GET_SECUREBITS};
    int64_t result;
    int error = inject_call(injector, &result, SYS_prctl, arguments);
    if (error == 0 && result > 0)
        thread->rights.securebits = (uint32_t)result;
    return error;
}

static int ask_policy(struct injector *injector, struct thread *thread)
{
    struct {
        int32_t mode, padding;
        uint64_t nodes[NODE_WORDS];
    } found = {0};
    const uint64_t arguments[6] = {injector->arguments, injector->arguments + offsetof(__typeof__(found), nodes), NODES_ASKED};
    int64_t result;
    _Static_assert(sizeof(found) <= LEAST_ARGUMENTS, "room for the answer");
    int error = inject_call(injector, &result, SYS_get_mempolicy, arguments);
    if (error == 0 && result == 0)
        error = inject_read(injector, 0, &found, sizeof(found));
    if (error < 0 || result < 0)
        return error;
    for (size_t i = 1; i < NODE_WORDS; i++)
        if (found.nodes[i])
            return refuse(injector->capture->report, -ENOTSUP,
                          "capturing process %d: thread %d has a memory policy for a node above 63, which cannot be captured",
                          injector->capture->pid, thread->tid);
    thread->rights.policy = (uint32_t)found.mode;
    thread->rights.policy_nodes = found.nodes[0];
    return 0;
}

static bool has_several_nodes(void)
{
    char text[64] = "";
    FILE *file = fopen("/sys/devices/system/node/online", "re");
    if (!file)
        return false;
    bool read = fgets(text, sizeof(text), file) != NULL;
    fclose(file);
    return read && strpbrk(text, "-,");
}

/* Nearly always the same in all threads: those of which nothing hints at more are not asked, for each question stops the
 * program for some microseconds more. Securebits need capabilities, policies other nodes. */
int ask_rights(struct injector *injector, struct thread *thread, bool is_leader)
{
    const struct thread *leader = &injector->capture->threads[0];
    int error = 0;
    if (is_leader || leader->rights.securebits || thread->rights.permitted)
        error = ask_securebits(injector, thread);
    if (is_leader)
        injector->capture->asks_policies = has_several_nodes();
    if (error == 0 && (is_leader || leader->rights.policy || injector->capture->asks_policies))
        error = ask_policy(injector, thread);
    return error;
}
