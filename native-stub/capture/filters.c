/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "rights.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ptrace.h>

#include "follower.h"
#include "tracing.h"

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef PTRACE_SECCOMP_GET_METADATA
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#endif
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U
#endif
#define STRICT_MODE 1

struct metadata { /* struct seccomp_metadata of linux/ptrace.h, which does not go with sys/ptrace.h */
    uint64_t number, flags;
};

static int describe(struct capture *capture, const struct thread *thread, int error)
{
    if (error == -EPERM)
        return refuse(capture->report, error,
                      "capturing process %d: thread %d runs under seccomp, which only root (CAP_SYS_ADMIN, in the first user "
                      "namespace, under no filter itself) may suspend and read; run ckpt as root outside of containers",
                      capture->pid, thread->tid);
    return refuse(capture->report, error, "reading the seccomp filters of thread %d of process %d: %s", thread->tid,
                  capture->pid, strerror(-error));
}

/* A filter that leaves decisions to another process, which a launch would not have. */
static bool asks_a_supervisor(const struct sock_filter *instructions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (instructions[i].code == (BPF_RET | BPF_K) &&
            (instructions[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
            return true;
    return false;
}

/* Reads the filter of a number, the first that was set has 0. Returns 1, 0 when there is none, or -errno with a line. */
static int read_filter(struct capture *capture, struct thread *thread, uint64_t number, struct buffer *chain)
{
    struct sock_filter instructions[BPF_MAXINSNS];
    struct metadata metadata = {number, 0};
    long count = ptrace(PTRACE_SECCOMP_GET_FILTER, thread->tid, number, instructions);
    if (count < 0)
        return errno == ENOENT ? 0 : describe(capture, thread, -errno);
    if (asks_a_supervisor(instructions, (size_t)count))
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: a seccomp filter of thread %d asks another process (SECCOMP_RET_USER_NOTIF), "
                      "which a launch would not have", capture->pid, thread->tid);
    if (ptrace(PTRACE_SECCOMP_GET_METADATA, thread->tid, sizeof(metadata), &metadata) < 0)
        metadata.flags = 0; /* before 4.16 */
    struct ckpt_filter filter = {
        .instructions = strings_add(&capture->strings, (char *)instructions, (size_t)count * sizeof(instructions[0])),
        .flags = (uint32_t)metadata.flags & SECCOMP_FILTER_FLAG_LOG,
    };
    buffer_append(chain, &filter, sizeof(filter));
    return 1;
}

static bool same_filter(const struct capture *capture, const struct ckpt_filter *a, const struct ckpt_filter *b)
{
    const uint8_t *strings = capture->strings.data;
    return a->flags == b->flags && a->instructions.length == b->instructions.length &&
           memcmp(strings + a->instructions.offset, strings + b->instructions.offset, a->instructions.length) == 0;
}

/* Threads that came from each other have the same filters: one that has those of an earlier thread refers to them. */
static bool refer_to_same(struct capture *capture, struct thread *thread, const struct buffer *chain)
{
    size_t count = chain->size / sizeof(struct ckpt_filter);
    const struct ckpt_filter *own = (const void *)chain->data, *all = (const void *)capture->filters.data;
    for (const struct thread *other = capture->threads; other < thread; other++) {
        if (other->rights.filter_count != count)
            continue;
        size_t same = 0;
        while (same < count && same_filter(capture, &own[same], &all[other->rights.first_filter + same]))
            same++;
        if (same < count)
            continue;
        thread->rights.first_filter = other->rights.first_filter;
        return true;
    }
    return false;
}

int read_filters(struct capture *capture, struct thread *thread)
{
    AUTO_BUFFER struct buffer chain = {0};
    size_t strings_before = capture->strings.size;
    uintptr_t options = thread->ours ? 0 : follower_options(capture->request->follower);
    int error = trace_set_options(thread->tid, options | PTRACE_O_SUSPEND_SECCOMP);
    if (error < 0)
        return describe(capture, thread, error);
    thread->filters_suspended = true;
    if (thread->seccomp_mode == STRICT_MODE) {
        thread->rights.flags |= CKPT_RIGHTS_STRICT;
        return 0;
    }
    int found = 1;
    for (uint64_t number = 0; found > 0; number++)
        found = read_filter(capture, thread, number, &chain);
    if (found < 0)
        return found;
    thread->rights.filter_count = (uint32_t)(chain.size / sizeof(struct ckpt_filter));
    if (refer_to_same(capture, thread, &chain)) {
        capture->strings.size = strings_before;
        return 0;
    }
    thread->rights.first_filter = capture->filters.size / sizeof(struct ckpt_filter);
    buffer_append(&capture->filters, chain.data, chain.size);
    return 0;
}

void resume_filters(const struct thread *thread)
{
    if (thread->filters_suspended && !thread->ours)
        trace_set_options(thread->tid, PTRACE_O_TRACECLONE);
}
