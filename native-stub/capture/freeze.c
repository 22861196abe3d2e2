/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stopping all threads and letting them go.
 *
 * Method: PTRACE_SEIZE and PTRACE_INTERRUPT for each entry of /proc/PID/task, until a look at that directory, made
 * while all known threads stand, shows no new one. A signal that a thread had already taken when it stopped is
 * delivered at once: the thread then stands at the first instruction of its handler, and nothing has to be kept.
 */
#define _GNU_SOURCE
#include "freeze.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filtered_waits.h"
#include "follower.h"
#include "freeze_steps.h"
#include "observe.h"
#include "proc_files.h"
#include "rights.h"
#include "tracing.h"

#define PROCESSORS 1024
#define LOOK_NS UINT64_C(1000000)
#define STOP_TIMEOUT_NS UINT64_C(5000000000)
#define LOOK_INTERVAL_NS UINT64_C(100000000)
#define CHILDREN_INTERVAL_NS UINT64_C(1000000)

static int describe_gone(struct capture *capture)
{
    return refuse(capture->report, -ESRCH, "capturing process %d: it ended meanwhile; nothing was written",
                  capture->pid);
}

/* Near is where it stands unless threads have come or gone, for the kernel lists them in the same order every time. */
static struct thread *find_thread(struct capture *capture, pid_t tid, size_t near)
{
    size_t count = capture->thread_count, low = near < count ? near : count;
    for (size_t high = low; high < count || low > 0; high++) {
        if (high < count && capture->threads[high].tid == tid)
            return &capture->threads[high];
        if (low > 0 && capture->threads[--low].tid == tid)
            return &capture->threads[low];
    }
    return NULL;
}

static struct thread *add_thread(struct capture *capture, pid_t tid)
{
    struct thread *threads = realloc(capture->threads, (capture->thread_count + 1) * sizeof(*threads));
    if (!threads)
        return NULL;
    capture->threads = threads;
    struct thread *thread = &threads[capture->thread_count++];
    *thread = (struct thread){.tid = tid};
    return thread;
}

void remove_thread(struct capture *capture, struct thread *thread)
{
    size_t index = (size_t)(thread - capture->threads);
    memmove(thread, thread + 1, (capture->thread_count - index - 1) * sizeof(*thread));
    capture->thread_count--;
}

/* Whether a signal that is about to be delivered is a second request for a checkpoint, and not the program's. */
static bool is_trigger(const struct capture *capture, const struct thread *thread, int signal)
{
    siginfo_t info;
    return !thread->ours && signal == capture->request->trigger_signal &&
           ptrace(PTRACE_GETSIGINFO, thread->tid, 0, &info) == 0 &&
           (info.si_code == SI_USER || info.si_code == SI_QUEUE);
}

void resume_thread(const struct capture *capture, pid_t tid, int signal)
{
    if (capture->request->follower)
        follower_resume(capture->request->follower, tid, signal);
    else
        trace_resume(tid, signal);
}

/* Children that are followed are served meanwhile: a thread in vfork(2) stops when its child has gone on. */
static int wait_for_stop(const struct capture *capture, pid_t tid, uint64_t deadline, struct stop *ret)
{
    struct follower *follower = capture->request->follower;
    bool serves = follower && follower_has_children(follower);
    uint64_t slice = now_ns(CLOCK_MONOTONIC) + (serves ? CHILDREN_INTERVAL_NS : LOOK_INTERVAL_NS);
    int error = wait_stop_until(tid, slice < deadline ? slice : deadline, ret);
    if (serves)
        follower_serve(follower);
    return error;
}

int hold_thread(struct capture *capture, struct thread *thread)
{
    uint64_t deadline = now_ns(CLOCK_MONOTONIC) + STOP_TIMEOUT_NS;
    for (;;) {
        struct stop stop;
        int error = wait_for_stop(capture, thread->tid, deadline, &stop);
        if (error == -ETIMEDOUT && now_ns(CLOCK_MONOTONIC) < deadline) {
            if (capture_given_up(capture))
                return -ECANCELED;
            continue;
        }
        if (error == -ETIMEDOUT)
            return refuse(capture->report, error,
                          "stopping thread %d of process %d: it has not stopped within 5 seconds (waiting in %s); "
                          "try again when that wait is over",
                          thread->tid, capture->pid, thread->wait_channel[0] ? thread->wait_channel : "the kernel");
        if (error < 0)
            return refuse(capture->report, error, "stopping thread %d of process %d: %s", thread->tid, capture->pid,
                          strerror(-error));
        switch (stop.kind) {
        case STOP_GONE:
            return 0;
        case STOP_EVENT:
            thread->held = true;
            return read_stopped_thread(capture, thread) < 0 ? 0 : 1;
        case STOP_GROUP:
            thread->held = thread->stopped_by_job = true;
            return refuse(capture->report, -EBUSY,
                          "capturing process %d: it is stopped by job control; continue it first (kill -CONT %d)",
                          capture->pid, capture->pid);
        case STOP_SIGNAL:
            if (is_trigger(capture, thread, stop.signal))
                stop.signal = 0;
            mend_call(thread->tid, stop.signal);
            resume_thread(capture, thread->tid, stop.signal);
            break;
        default:
            thread->call_stops += stop.kind == STOP_SYSCALL;
            trace_interrupt(thread->tid); /* any stop takes back the interruption (kernel/signal.c, ptrace_stop()) */
            if (!capture->request->follower || thread->ours || !follower_takes(capture->request->follower, thread->tid, &stop))
                trace_resume(thread->tid, 0);
        }
    }
}

static int describe_seize(struct capture *capture, pid_t tid, int error)
{
    if (tid != capture->pid)
        return error == -EPERM || error == -ESRCH
                   ? 0 /* it is just ending */
                   : refuse(capture->report, error, "attaching to thread %d of process %d: %s", tid, capture->pid,
                            strerror(-error));
    if (error == -ESRCH)
        return describe_gone(capture);
    AUTO_BUFFER struct buffer stat = {0};
    if (read_proc(&stat, "%d/stat", capture->pid) == 0 && strchr("ZX", stat_state((char *)stat.data)))
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: its main thread has ended; programs that go on without it cannot be "
                      "captured", capture->pid);
    return refuse(capture->report, error,
                  "attaching to process %d: %s; run ckpt as the program's user or as root, and see that no debugger "
                  "holds it", capture->pid, strerror(-error));
}

/* Stops one task that is not held yet; thread is NULL when it is new. Returns 1 when it stands, 0 when it has ended, or -errno with a line. */
static int stop_thread(struct capture *capture, pid_t tid, struct thread *thread)
{
    if (!thread)
        thread = add_thread(capture, tid);
    if (!thread)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    /* Only its tracer can interrupt a thread: of a program that came seized, those that cannot be are new to us. */
    thread->ours = !capture->request->seized || trace_interrupt(tid) < 0;
    int error = thread->ours ? trace_seize(tid, 0) : 0;
    if (error < 0) {
        remove_thread(capture, thread);
        return describe_seize(capture, tid, error);
    }
    thread->attached = true;
    if (thread->ours)
        trace_interrupt(tid);
    int held = hold_thread(capture, thread);
    if (held == 0)
        remove_thread(capture, thread);
    return held;
}

/* Stops all tasks that are not held yet, one after the other: a thread that the stop took out of a call which the
 * kernel does not restart must not stand like that for longer than it takes to set its registers right. Returns how
 * many there were, or -errno with a line. */
static int freeze_round(struct capture *capture)
{
    AUTO_FREE pid_t *tids = NULL;
    size_t count;
    int found = 0;
    int error = list_proc_numbers(&tids, &count, "%d/task", capture->pid);
    if (error < 0)
        return describe_gone(capture);
    for (size_t i = 0; i < count; i++) {
        struct thread *thread = find_thread(capture, tids[i], i);
        if (thread && thread->held)
            continue;
        if (capture_given_up(capture))
            return -ECANCELED;
        int held = stop_thread(capture, tids[i], thread);
        if (held < 0)
            return held;
        found += held;
    }
    return found;
}

/* Forgets the threads that ended between the first look and the stop. */
static int drop_ended_threads(struct capture *capture)
{
    for (size_t i = capture->thread_count; i-- > 0; )
        if (!capture->threads[i].held)
            remove_thread(capture, &capture->threads[i]);
    return capture->thread_count ? 0 : describe_gone(capture);
}

static int observe_all(struct capture *capture)
{
    AUTO_FREE pid_t *tids = NULL;
    AUTO_BUFFER struct buffer text = {0};
    size_t count;
    if (list_proc_numbers(&tids, &count, "%d/task", capture->pid) < 0)
        return describe_gone(capture);
    for (size_t i = 0; i < count; i++) {
        struct thread *thread = add_thread(capture, tids[i]);
        if (!thread)
            return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
        observe_thread(capture->pid, thread, &text);
    }
    return 0;
}

static int order_threads(const void *left, const void *right)
{
    const struct thread *a = left, *b = right;
    return a->tid < b->tid ? -1 : a->tid > b->tid;
}

/* Leader first, the others by tid. */
static int sort_threads(struct capture *capture)
{
    qsort(capture->threads, capture->thread_count, sizeof(*capture->threads), order_threads);
    struct thread *leader = find_thread(capture, capture->pid, 0);
    if (!leader)
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: its main thread has ended; programs that go on without it cannot be "
                      "captured", capture->pid);
    struct thread first = *leader;
    memmove(capture->threads + 1, capture->threads, (size_t)((char *)leader - (char *)capture->threads));
    capture->threads[0] = first;
    return 0;
}

int freeze_process(struct capture *capture)
{
    AUTO_FREE struct processor_clock *clocks = calloc(PROCESSORS, sizeof(*clocks));
    AUTO_BUFFER struct buffer text = {0};
    if (!clocks)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    int error = observe_all(capture);
    if (error < 0)
        return error;
    observe_clocks(clocks, PROCESSORS, capture->threads, capture->thread_count);

    capture->frozen = true;
    capture->frozen_since = now_ns(CLOCK_MONOTONIC);
    int more;
    do {
        more = freeze_round(capture);
        if (more == 0)
            more = leave_bad_places(capture);
        if (more < 0)
            return more;
    } while (more);
    error = drop_ended_threads(capture);
    if (error == 0)
        error = sort_threads(capture);
    if (error < 0)
        return error;

    capture->all_stand = true;
    for (size_t i = 0; i < capture->thread_count; i++) {
        struct thread *thread = &capture->threads[i];
        thread->waited_ns =
            observed_wait(capture->pid, thread, clocks, PROCESSORS, capture->frozen_since, &text);
        if (thread->call.inside && !kernel_restarts(&thread->regs))
            shorten_wait(&thread->resume, thread->waited_ns); /* takes effect when the thread is asked, inject.c */
    }
    return 0;
}

void release_thread(struct capture *capture, struct thread *thread)
{
    /* Before, not after: who lets a program go may have to wait for the processor that it gets. */
    capture->thawed_at = now_ns(CLOCK_MONOTONIC);
    resume_filters(thread);
    if (thread->ours)
        trace_detach(thread->tid); /* the kernel keeps a stop of job control */
    else if (thread->stopped_by_job)
        ptrace(PTRACE_LISTEN, thread->tid, 0, 0);
    else {
        if (capture->request->follower) /* a snapshot needs others */
            trace_set_options(thread->tid, follower_options(capture->request->follower));
        resume_thread(capture, thread->tid, 0);
    }
    thread->attached = thread->held = false;
}

void thaw_process(struct capture *capture)
{
    if (!capture->frozen)
        return;
    capture->frozen = false;
    go_on_with_filtered_waits(capture);
    for (size_t i = capture->thread_count; i-- > 0; )
        if (capture->threads[i].attached)
            release_thread(capture, &capture->threads[i]);
}

/* Returns whether it has to be waited for again. */
static bool is_dying(const struct thread *thread)
{
    struct stop stop;
    if (!thread->ours || !thread->attached)
        return false;
    int error = wait_stop_until(thread->tid, now_ns(CLOCK_MONOTONIC) + LOOK_NS, &stop);
    return error == -ETIMEDOUT || (error == 0 && stop.kind != STOP_GONE);
}

/* In turn: the last thread of a container's first process ends only when all others have been reaped
 * (kernel/pid_namespace.c, zap_pid_ns_processes()). */
void kill_process(struct capture *capture)
{
    bool dying = true;
    kill(capture->pid, SIGKILL);
    while (dying) {
        dying = false;
        for (size_t i = capture->thread_count; i-- > 0; ) {
            struct thread *thread = &capture->threads[i];
            thread->attached = thread->held = is_dying(thread);
            dying |= thread->attached;
        }
    }
    capture->frozen = false;
    capture->thawed_at = now_ns(CLOCK_MONOTONIC);
}
