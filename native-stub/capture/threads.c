/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "threads.h"

#include <elf.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "proc_files.h"
#include "rights.h"

#define LARGEST_XSTATE 16384 /* bytes; AMX needs 11,008 */
#define PENDING_BATCH 16
#define DEFAULT_TIMER_SLACK_NS 50000

static int describe(struct capture *capture, const struct thread *thread, const char *what, int error)
{
    if (error == -ESRCH)
        return refuse(capture->report, error, "capturing process %d: it was killed meanwhile", capture->pid);
    return refuse(capture->report, error, "reading %s of thread %d of process %d: %s", what, thread->tid, capture->pid,
                  strerror(-error));
}

static int read_xstate(struct capture *capture, struct thread *thread)
{
    buffer_align(&capture->xstates, 64);
    size_t start = capture->xstates.size;
    void *space = buffer_extend(&capture->xstates, LARGEST_XSTATE);
    if (!space)
        return describe(capture, thread, "vector registers", -ENOMEM);
    struct iovec area = {space, LARGEST_XSTATE};
    if (ptrace(PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE, &area) < 0)
        return describe(capture, thread, "vector registers", -errno);
    capture->xstates.size = start + area.iov_len;
    thread->record.xstate_offset = start;
    thread->record.xstate_size = (uint32_t)area.iov_len;
    return 0;
}

/* Signals that a process got from kill(2) to ask for this very checkpoint are not part of the program. */
static bool is_request(const struct capture *capture, const siginfo_t *info, bool shared)
{
    return shared && capture->request->trigger_signal && info->si_signo == capture->request->trigger_signal &&
           (info->si_code == SI_USER || info->si_code == SI_QUEUE);
}

static int add_pending(struct capture *capture, const struct thread *thread, bool shared, const siginfo_t *info)
{
    struct ckpt_pending_signal *pending = buffer_extend(&capture->pending, sizeof(*pending));
    if (!pending)
        return describe(capture, thread, "pending signals", -ENOMEM);
    pending->tid = shared ? 0 : thread->record.own_tid;
    pending->signal = (uint32_t)info->si_signo;
    memcpy(pending->info, info, sizeof(pending->info));
    return 0;
}

/* Returns how many were there from number first on, or -errno with a line. */
static long peek_pending(struct capture *capture, const struct thread *thread, bool shared, uint64_t first,
                         siginfo_t infos[PENDING_BATCH])
{
    struct __ptrace_peeksiginfo_args range = {first, shared ? PTRACE_PEEKSIGINFO_SHARED : 0, PENDING_BATCH};
    long count = ptrace(PTRACE_PEEKSIGINFO, thread->tid, &range, infos);
    return count < 0 ? describe(capture, thread, "pending signals", -errno) : count;
}

static int read_pending(struct capture *capture, const struct thread *thread, bool shared)
{
    siginfo_t infos[PENDING_BATCH];
    for (uint64_t first = 0;; first += PENDING_BATCH) {
        long count = peek_pending(capture, thread, shared, first, infos);
        for (long i = 0; i < count; i++) {
            int error = is_request(capture, &infos[i], shared) ? 0 : add_pending(capture, thread, shared, &infos[i]);
            if (error < 0)
                return error;
        }
        if (count < PENDING_BATCH)
            return count < 0 ? (int)count : 0;
    }
}

int read_timers_signal(struct capture *capture, const struct thread *thread, int32_t timer)
{
    siginfo_t infos[PENDING_BATCH];
    for (uint64_t first = 0;; first += PENDING_BATCH) {
        long count = peek_pending(capture, thread, false, first, infos);
        for (long i = 0; i < count; i++)
            if (infos[i].si_code == SI_TIMER && infos[i].si_timerid == timer)
                return add_pending(capture, thread, false, &infos[i]);
        if (count < PENDING_BATCH)
            return count < 0 ? (int)count : 0;
    }
}

static int read_rseq(struct capture *capture, struct thread *thread)
{
    struct __ptrace_rseq_configuration rseq = {0};
    if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, thread->tid, sizeof(rseq), &rseq) < 0) {
        if (errno == EIO || errno == EINVAL) /* a kernel without CONFIG_RSEQ */
            return 0;
        return describe(capture, thread, "restartable sequences", -errno);
    }
    thread->record.rseq_address = rseq.rseq_abi_pointer;
    thread->record.rseq_size = rseq.rseq_abi_size;
    thread->record.rseq_signature = rseq.signature;
    return 0;
}

static int read_scheduling(struct capture *capture, struct thread *thread)
{
    struct ckpt_thread *record = &thread->record;
    struct scheduling scheduling = {.size = sizeof(scheduling)};
    if (syscall(SYS_sched_getattr, thread->tid, &scheduling, sizeof(scheduling), 0) < 0)
        return describe(capture, thread, "scheduling", -errno);
    record->policy = scheduling.policy;
    record->policy_flags = (uint32_t)scheduling.flags;
    record->nice = scheduling.nice;
    record->priority = scheduling.priority;
    record->runtime_ns = scheduling.runtime;
    record->deadline_ns = scheduling.deadline;
    record->period_ns = scheduling.period;
    if (syscall(SYS_sched_getaffinity, thread->tid, sizeof(record->affinity), record->affinity) < 0)
        return describe(capture, thread, "processor affinity", -errno);
    return 0;
}

static int read_lists(struct capture *capture, struct thread *thread)
{
    uint64_t head = 0;
    size_t size = 0;
    if (syscall(SYS_get_robust_list, thread->tid, &head, &size) < 0) {
        if (errno == ENOSYS)
            return 0;
        return describe(capture, thread, "robust mutexes", -errno);
    }
    thread->record.robust_list = head;
    thread->record.robust_list_size = size;
    return 0;
}

static int read_texts(struct capture *capture, struct thread *thread)
{
    AUTO_BUFFER struct buffer text = {0};
    int error = read_proc(&text, "%d/task/%d/status", capture->pid, thread->tid);
    if (error < 0)
        return describe(capture, thread, "status", error);
    note_rights(capture, thread, (char *)text.data);
    thread->record.own_tid = (uint32_t)text_last_number((char *)text.data, "NSpid:", (uint64_t)thread->tid);
    error = read_proc(&text, "%d/task/%d/comm", capture->pid, thread->tid);
    if (error < 0)
        return describe(capture, thread, "name", error);
    size_t length = text.size && text.data[text.size - 1] == '\n' ? text.size - 1 : text.size;
    memcpy(thread->record.name, text.data, length < 16 ? length : 15);
    return 0;
}

static void describe_syscall(struct capture *capture, struct thread *thread)
{
    struct ckpt_thread *record = &thread->record;
    if (!thread->call.inside)
        return;
    record->in_syscall = 1;
    record->syscall_number = thread->call.number;
    record->syscall_result = thread->call.result;
    record->waited_ns = thread->waited_ns;
    record->wait_channel = strings_add_text(&capture->strings, thread->wait_channel);
}

struct rseq_section { /* include/uapi/linux/rseq.h struct rseq_cs */
    uint32_t version, flags;
    uint64_t start, length, abort;
};

/* A thread stopped inside a restartable sequence goes to its abort handler, as the kernel would send it. Injected
 * calls make the kernel forget the sequence, so this has to be done here. */
static void leave_restartable_sequence(struct capture *capture, struct thread *thread)
{
    uint64_t pointer = 0;
    struct rseq_section section;
    if (!thread->record.rseq_address ||
        pread(capture->mem, &pointer, sizeof(pointer), (off_t)(thread->record.rseq_address + 8)) != sizeof(pointer) ||
        !pointer || pread(capture->mem, &section, sizeof(section), (off_t)pointer) != sizeof(section))
        return;
    if (thread->regs.rip - section.start < section.length)
        thread->regs.rip = thread->resume.rip = section.abort;
}

/* All threads of a launch have one table of descriptors and one working directory, as pthread_create makes them; a
 * thread may have left these by unshare(2). Kernels without kcmp(2) do not tell. */
static int check_is_common(struct capture *capture, const struct thread *thread)
{
    static const struct {
        int kind;
        const char *what;
    } parts[] = {{KCMP_FILES, "descriptors"}, {KCMP_FS, "a working directory"}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && thread->tid != capture->pid; i++)
        if (syscall(SYS_kcmp, capture->pid, thread->tid, parts[i].kind, 0, 0) > 0)
            return refuse(capture->report, -ENOTSUP,
                          "capturing process %d: its thread %d has %s of its own (unshare), which cannot be captured; "
                          "wait until that thread has ended", capture->pid, thread->tid, parts[i].what);
    return 0;
}

static int read_thread(struct capture *capture, struct thread *thread)
{
    thread->record.tid = (uint32_t)thread->tid;
    thread->record.signal_mask = thread->mask;
    thread->record.timer_slack_ns = DEFAULT_TIMER_SLACK_NS;
    int error = check_is_common(capture, thread);
    if (error == 0)
        error = read_texts(capture, thread);
    if (error == 0)
        error = read_xstate(capture, thread);
    if (error == 0)
        error = read_pending(capture, thread, false);
    if (error == 0)
        error = read_rseq(capture, thread);
    if (error == 0)
        error = read_lists(capture, thread);
    if (error == 0)
        error = read_scheduling(capture, thread);
    if (error < 0)
        return error;
    leave_restartable_sequence(capture, thread);
    describe_syscall(capture, thread);
    return 0;
}

int read_threads(struct capture *capture)
{
    for (size_t i = 0; i < capture->thread_count; i++) {
        int error = read_thread(capture, &capture->threads[i]);
        if (error < 0)
            return error;
    }
    return 0;
}

/*
 * A timer that fires once, between the question for its time and this moment, must not fire again after the launch. One with an
 * interval that has fired stands still until its signal is taken (kernel/time/itimer.c, posixtimer_rearm_itimer): it goes on. A
 * signal that still waits when an interval has passed takes that in, as the kernel's would.
 */
static void settle_fired_timer(struct capture *capture, size_t first)
{
    const struct ckpt_pending_signal *pending = (void *)capture->pending.data;
    struct ckpt_itimer *timer = &capture->process.itimers[ITIMER_REAL];
    for (size_t i = first; i < capture->pending.size / sizeof(*pending); i++) {
        siginfo_t info;
        memcpy(&info, pending[i].info, sizeof(info));
        if (info.si_signo != SIGALRM)
            continue;
        if (timer->interval_us && !timer->value_us)
            timer->value_us = timer->interval_us;
        else if (info.si_code == SI_KERNEL && !timer->interval_us)
            timer->value_us = 0;
    }
}

int read_process_signals(struct capture *capture)
{
    size_t first = capture->pending.size / sizeof(struct ckpt_pending_signal);
    int error = read_pending(capture, &capture->threads[0], true);
    if (error == 0)
        settle_fired_timer(capture, first);
    return error;
}

/* What a thread has in common with who started the program, such as the processors of a container, belongs to the program's
 * surroundings, and those of a launch are others. */
static void leave_out_surroundings(struct ckpt_thread *record, const struct ckpt_thread *starter)
{
    if (memcmp(record->affinity, starter->affinity, sizeof(record->affinity)) == 0)
        memset(record->affinity, 0, sizeof(record->affinity));
    if (record->policy == SCHED_OTHER && record->nice == starter->nice)
        record->nice = 0;
}

static struct ckpt_thread read_starter(const struct capture *capture)
{
    struct ckpt_thread starter = {0};
    pid_t pid = (pid_t)capture->process.parent_pid; /* 0, outside of this pid namespace, reads as ourselves: the best that is known */
    struct scheduling scheduling = {.size = sizeof(scheduling)};
    if (syscall(SYS_sched_getaffinity, pid, sizeof(starter.affinity), starter.affinity) < 0)
        memset(starter.affinity, 0, sizeof(starter.affinity));
    if (syscall(SYS_sched_getattr, pid, &scheduling, sizeof(scheduling), 0) == 0)
        starter.nice = scheduling.nice;
    return starter;
}

void append_threads(struct capture *capture)
{
    _Static_assert(sizeof(struct user_regs_struct) == sizeof(((struct ckpt_thread *)0)->regs), "NT_PRSTATUS");
    struct ckpt_thread starter = read_starter(capture);
    for (size_t i = 0; i < capture->thread_count; i++) {
        struct thread *thread = &capture->threads[i];
        struct ckpt_thread record = thread->record;
        memcpy(record.regs, &thread->regs, sizeof(record.regs));
        leave_out_surroundings(&record, &starter);
        buffer_append(&capture->threads_section, &record, sizeof(record));
        buffer_append(&capture->rights_section, &thread->rights, sizeof(thread->rights));
    }
}
