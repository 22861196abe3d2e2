/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel keeps for each thread of a child, besides what it is in the middle of. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fork_steps.h"
#include "threads.h"

#define IO_PRIORITY_OF_PROCESS 1 /* IOPRIO_WHO_PROCESS, linux/ioprio.h */
#ifndef SCHED_FLAG_RESET_ON_FORK
#define SCHED_FLAG_RESET_ON_FORK 1u /* linux/sched.h */
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

/* What a thread has in a child that a fork makes: sched_fork() of kernel/sched/core.c. */
static struct scheduling scheduling_of(const struct ckpt_thread *record)
{
    struct scheduling wanted = {
        .size = sizeof(wanted), .policy = record->policy, .flags = record->policy_flags, .nice = record->nice,
        .priority = record->priority, .runtime = record->runtime_ns, .deadline = record->deadline_ns,
        .period = record->period_ns,
    };
    bool realtime = wanted.policy == SCHED_FIFO || wanted.policy == SCHED_RR || wanted.policy == SCHED_DEADLINE;
    if (!(wanted.flags & SCHED_FLAG_RESET_ON_FORK))
        return wanted;
    if (realtime)
        return (struct scheduling){.size = sizeof(wanted), .policy = SCHED_OTHER};
    wanted.flags &= ~(uint64_t)SCHED_FLAG_RESET_ON_FORK;
    wanted.nice = wanted.nice < 0 ? 0 : wanted.nice;
    return wanted;
}

static int set_scheduling(const struct thread *thread, const struct thread *leader)
{
    const struct ckpt_thread *record = &thread->record;
    struct scheduling wanted = scheduling_of(record), found = {0};
    if (thread != leader && memcmp(record->affinity, leader->record.affinity, sizeof(record->affinity)) != 0 &&
        syscall(SYS_sched_setaffinity, thread->tid, sizeof(record->affinity), record->affinity) < 0)
        return -errno;
    if (syscall(SYS_sched_getattr, thread->tid, &found, sizeof(found), 0) < 0)
        return -errno;
    bool same = found.policy == wanted.policy && found.flags == wanted.flags && found.nice == wanted.nice &&
                found.priority == wanted.priority && found.runtime == wanted.runtime && found.deadline == wanted.deadline &&
                found.period == wanted.period;
    if (!same && syscall(SYS_sched_setattr, thread->tid, &wanted, 0) < 0)
        return -errno;
    if (thread != leader && thread->rights.io_priority != leader->rights.io_priority &&
        syscall(SYS_ioprio_set, IO_PRIORITY_OF_PROCESS, thread->tid, thread->rights.io_priority) < 0)
        return -errno;
    return 0;
}

/* what becomes name, for the message should it fail. */
static int call(struct injector *injector, const char **what, const char *name, long number, const uint64_t arguments[6])
{
    int64_t result;
    *what = name;
    int error = inject_call(injector, &result, number, arguments);
    return error < 0 ? error : result < 0 ? (int)result : 0;
}

static int put(struct injector *injector, const void *bytes, size_t size)
{
    return pwrite(injector->capture->mem, bytes, size, (off_t)injector->arguments) == (ssize_t)size ? 0 : -EIO;
}

static int set_signal_stack(struct injector *injector, const struct ckpt_thread *record, const char **what)
{
    stack_t stack = {.ss_sp = (void *)(uintptr_t)record->altstack_address, /* NOLINT: an address there */
                     .ss_flags = (int)(record->altstack_flags & SS_AUTODISARM), .ss_size = record->altstack_size};
    if (record->altstack_flags & SS_DISABLE)
        return 0;
    int error = put(injector, &stack, sizeof(stack));
    return error < 0 ? error
                     : call(injector, what, "setting the signal stack", SYS_sigaltstack, (const uint64_t[6]){injector->arguments});
}

/* What the main thread has of the fork and other threads have not, because the kernel gave them none of it. */
static int settle_other(struct injector *injector, const struct thread *thread, const struct thread *leader, const char **what)
{
    const struct ckpt_thread *record = &thread->record;
    int error = set_signal_stack(injector, record, what);
    if (error == 0 && record->rseq_address)
        error = call(injector, what, "registering restartable sequences", SYS_rseq,
                     (const uint64_t[6]){record->rseq_address, record->rseq_size, 0, record->rseq_signature});
    if (error == 0 && memcmp(record->name, leader->record.name, sizeof(record->name)) != 0) {
        error = put(injector, record->name, sizeof(record->name));
        if (error == 0)
            error = call(injector, what, "setting the name", SYS_prctl, (const uint64_t[6]){PR_SET_NAME, injector->arguments});
    }
    if (error == 0 && record->timer_slack_ns != leader->record.timer_slack_ns)
        error = call(injector, what, "setting the timer slack", SYS_prctl,
                     (const uint64_t[6]){PR_SET_TIMERSLACK, record->timer_slack_ns});
    return error;
}

static int set_vectors(const struct capture *child, const struct thread *thread)
{
    struct iovec area = {child->xstates.data + thread->record.xstate_offset, thread->record.xstate_size};
    return ptrace(PTRACE_SETREGSET, thread->tid, NT_X86_XSTATE, &area) < 0 ? -errno : 0;
}

static int settle_thread(struct forking *forking, struct thread *thread)
{
    struct injector *injector = &forking->child_injector;
    const struct thread *leader = &forking->child.threads[0];
    const char *what = "borrowing";
    size_t said = forking->report->count;
    int error = inject_begin(injector, thread);
    if (error == 0 && thread->record.robust_list)
        error = call(injector, &what, "setting the list of robust mutexes", SYS_set_robust_list,
                     (const uint64_t[6]){thread->record.robust_list, thread->record.robust_list_size});
    if (error == 0 && thread != leader)
        error = settle_other(injector, thread, leader, &what);
    if (injector->thread) {
        thread->changed = true; /* a new thread has the main thread's registers */
        int end = inject_end(injector);
        error = error < 0 ? error : end;
    }
    if (error == 0) {
        what = "setting the scheduling";
        error = set_scheduling(thread, leader);
    }
    if (error == 0 && thread != leader) {
        what = "setting the vector registers";
        error = set_vectors(&forking->child, thread);
    }
    return error < 0 && forking->report->count == said ? refuse_child(forking, thread, what, error) : error;
}

/* Memory that its owner keeps from forks (MADV_DONTFORK) may hold a thread's stack. */
static int check_stack(struct forking *forking, const struct thread *thread)
{
    uint64_t word, stack = thread->regs.rsp;
    if (pread(forking->parent.mem, &word, sizeof(word), (off_t)stack) != sizeof(word) ||
        pread(forking->child.mem, &word, sizeof(word), (off_t)stack) == sizeof(word))
        return 0;
    return refuse(forking->report, -ENOTSUP,
                  "forking process %d: the stack of its thread %u is not inherited by children (MADV_DONTFORK)",
                  forking->request->pid, thread->record.tid);
}

int settle_threads(struct forking *forking)
{
    struct capture *child = &forking->child;
    for (size_t i = 0; i < child->thread_count; i++) {
        int error = check_stack(forking, &child->threads[i]);
        if (error == 0)
            error = settle_thread(forking, &child->threads[i]);
        if (error < 0)
            return error;
        if (capture_given_up(child))
            return refuse(forking->report, -ECANCELED, "forking process %d: interrupted", forking->request->pid);
    }
    return 0;
}
