/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "early_mappings.h"
#include "freeze.h"
#include "inject.h"
#include "proc_files.h"
#include "rights.h"
#include "threads.h"
#include "tracing.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1u << 1) /* linux/close_range.h, since 5.9 */
#endif
#define FRAME_BYTES 65536 /* for two signal frames */
#define SCHEDULED_BY_DEADLINE 6 /* SCHED_DEADLINE: such threads cannot fork */
#define NO_PROCESS INT_MAX /* no process has this number */

/* The processes on the way, as seen from here; 0 when they are not there. */
struct making {
    struct injector injector;
    bool ours;            /* the program is a child of this process, and so the others are */
    bool stays;           /* the copy stays a child of the program */
    pid_t middle, copy;
    int64_t own_middle, own_copy; /* as the program sees them */
    uint64_t waiting;     /* stack pointer that leads to wait4 for the middle process, and then back to the thread's own */
    uint64_t waited_for;  /* address of the number of the process that is waited for */
    uint64_t exiting;     /* stack pointer that leads to exit_group */
};

static int refuse_snapshot(struct capture *capture, const char *what)
{
    return refuse(capture->report, -ENOTSUP, "making a snapshot of process %d: %s; go without --cow", capture->pid, what);
}

static int describe(struct capture *capture, int error)
{
    if (error == -ESRCH)
        return refuse(capture->report, error, "capturing process %d: it was killed meanwhile", capture->pid);
    const char *why = error == -EAGAIN ? ": it may have no more processes (ulimit -u, pids.max of its control group)"
                      : error == -ENOMEM ? ": the kernel has no memory for it (vm.overcommit_memory)"
                      : error == -ECHILD ? ": it was killed" : "";
    return refuse(capture->report, error, "making a snapshot of process %d: %s%s; go without --cow", capture->pid,
                  strerror(-error), why);
}

/* ---- what has to be there ---- */

/* Whose child the snapshot is to be. */
static void choose_parent(struct making *making)
{
    const struct ckpt_process *process = &making->injector.capture->process;
    making->ours = process->parent_pid == (uint32_t)getpid();
    making->stays = !making->ours && (process->own_pid == 1 || process->child_subreaper);
}

static int check_injector(struct making *making)
{
    const struct injector *injector = &making->injector;
    if (!survivable(injector))
        return refuse_snapshot(injector->capture, "its code has no place for what ends a snapshot");
    if (!injector->scratch || injector->arguments_size < 2 * injector->frame_size)
        return refuse_snapshot(injector->capture, "it may have no more memory (ulimit -v)");
    return 0;
}

static struct thread *choose_thread(struct capture *capture)
{
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].record.policy != SCHEDULED_BY_DEADLINE)
            return &capture->threads[i];
    return &capture->threads[0];
}

/* ---- making it ---- */

static int write_frames(struct making *making, const struct thread *thread)
{
    struct injector *injector = &making->injector;
    uint64_t address = injector->gadgets.returning.address, frame = injector->arguments;
    struct user_regs_struct registers = thread->resume;
    making->waited_for = signal_frame_argument(frame);
    set_syscall(&registers, address, injector->stack, SYS_wait4, (const uint64_t[6]){NO_PROCESS, 0, __WALL});
    int error = inject_frame(injector, thread, frame, &registers, ALL_SIGNALS, &making->waiting);
    if (error < 0)
        return error;
    set_syscall(&registers, address, injector->stack, SYS_exit_group, (const uint64_t[6]){0});
    return inject_frame(injector, thread, frame + injector->frame_size, &registers, ALL_SIGNALS, &making->exiting);
}

static int make_middle(struct making *making)
{
    struct injector *injector = &making->injector;
    uint64_t flags = CLONE_VM | CLONE_FILES | CLONE_PARENT_SETTID | (making->ours ? CLONE_PARENT : 0);
    uint64_t arguments[6] = {flags, making->exiting, making->waited_for};
    uintptr_t suspend = injector->thread->filters_suspended ? PTRACE_O_SUSPEND_SECCOMP : 0;
    int error = trace_set_options(injector->thread->tid, PTRACE_O_TRACECLONE | suspend);
    if (error == 0)
        error = inject_call_from(injector, making->waiting, &making->own_middle, &making->middle, SYS_clone, arguments);
    if (error < 0)
        return error;
    if (making->own_middle < 0)
        return (int)making->own_middle;
    return making->middle ? trace_wait_for_birth(making->middle) : -ECHILD;
}

/* A call of the middle process, which goes on to its exit when it is let go. Returns its result or -errno. */
static int64_t call_middle(struct making *making, long number, const uint64_t arguments[6])
{
    pid_t middle = making->middle;
    struct user_regs_struct registers;
    int error = trace_get_registers(middle, &registers);
    set_syscall(&registers, making->injector.gadgets.returning.address, making->exiting, number, arguments);
    if (error == 0)
        error = trace_set_registers(middle, &registers);
    if (error == 0)
        error = trace_run_to_syscall_stop(middle, NULL);
    if (error == 0)
        error = trace_run_to_syscall_stop(middle, &making->copy);
    if (error == 0)
        error = trace_get_registers(middle, &registers);
    if (error < 0)
        return error == -ESRCH ? -ECHILD : error;
    return (int64_t)registers.rax;
}

/* Files stay the program's: an empty table first, then the copy. */
static int make_copy(struct making *making)
{
    uint64_t flags = making->ours || making->stays ? CLONE_PARENT : 0;
    int64_t result = call_middle(making, SYS_close_range, (const uint64_t[6]){0, UINT_MAX, CLOSE_RANGE_UNSHARE});
    if (result == 0)
        result = making->own_copy = call_middle(making, SYS_clone, (const uint64_t[6]){flags});
    if (result < 0)
        return (int)result;
    int error = making->copy ? trace_wait_for_birth(making->copy) : -ECHILD;
    return error < 0 ? error : trace_set_options(making->copy, PTRACE_O_EXITKILL);
}

static void end_process(pid_t pid)
{
    if (!pid)
        return;
    kill(pid, SIGKILL); /* it is ours to reap, so the number is its own */
    trace_reap(pid);
}

/* Lets the borrowed thread reap a child that has ended, by its number there. */
static int reap_there(struct injector *injector, int64_t own_pid)
{
    int64_t result;
    return inject_call(injector, &result, SYS_wait4, (const uint64_t[6]){(uint64_t)own_pid, 0, __WALL});
}

/* Ends the middle process, and the copy when it has not become the snapshot. */
static int end_processes(struct making *making)
{
    struct injector *injector = &making->injector;
    int error = 0;
    end_process(making->copy);
    if (making->copy && making->stays)
        error = reap_there(injector, making->own_copy);
    end_process(making->middle);
    return error < 0 || making->own_middle <= 0 || making->ours ? error : reap_there(injector, making->own_middle);
}

/* ---- the engine's ends of it ---- */

/* When memory runs out, the copy is what the kernel has to take, not the program. */
static void offer_to_oom_killer(pid_t pid)
{
    AUTO_CLOSE int fd = open_proc(O_WRONLY, "%d/oom_score_adj", pid);
    if (fd >= 0 && write(fd, "1000", 4) < 0)
        return;
}

static int open_snapshot(struct making *making)
{
    static const uint8_t zero[CODE_BYTES];
    struct capture *capture = making->injector.capture;
    struct snapshot *snapshot = &capture->snapshot;
    snapshot->pid = making->copy;
    snapshot->child_pid = making->stays ? making->own_copy : 0;
    making->copy = 0;
    snapshot->pidfd = (int)syscall(SYS_pidfd_open, snapshot->pid, 0);
    snapshot->mem = open_proc(O_RDWR, "%d/mem", snapshot->pid);
    snapshot->pagemap = open_proc(O_RDONLY, "%d/pagemap", snapshot->pid);
    if (snapshot->pidfd < 0)
        return -errno;
    if (snapshot->mem < 0 || snapshot->pagemap < 0)
        return snapshot->mem < 0 ? snapshot->mem : snapshot->pagemap;
    offer_to_oom_killer(snapshot->pid);
    /* What was borrowed at the end of the program's code is no part of it. */
    if (making->injector.code &&
        pwrite(snapshot->mem, zero, sizeof(zero), (off_t)making->injector.code) != sizeof(zero))
        return -EIO;
    return 0;
}

static int make(struct making *making)
{
    struct injector *injector = &making->injector;
    struct thread *thread = choose_thread(injector->capture);
    int error = inject_begin(injector, thread);
    if (error == 0)
        error = write_frames(making, thread);
    if (error == 0)
        error = make_middle(making);
    if (error == 0)
        error = make_copy(making);
    if (error == 0)
        error = open_snapshot(making);
    if (error == 0)
        error = compare_mappings(injector->capture);
    int ended = end_processes(making);
    if (injector->thread) {
        int given_back = inject_end(injector);
        ended = ended < 0 ? ended : given_back;
    }
    return error < 0 ? error : ended;
}

int make_snapshot(struct capture *capture)
{
    struct making making = {.injector = {.capture = capture}};
    if (!capture->request->cow)
        return 0;
    size_t said = capture->report->count;
    choose_parent(&making);
    int error = injector_open(&making.injector, capture, FRAME_BYTES);
    if (error == 0)
        error = check_injector(&making);
    if (error == 0)
        error = make(&making);
    injector_close(&making.injector);
    return error < 0 && error != -ESTALE && capture->report->count == said ? describe(capture, error) : error;
}

void drop_snapshot(struct capture *capture)
{
    struct snapshot *snapshot = &capture->snapshot;
    if (snapshot->pid) {
        /* Its number may be another's by now, when somebody else killed it and the launcher has reaped it. */
        if (snapshot->pidfd >= 0)
            syscall(SYS_pidfd_send_signal, snapshot->pidfd, SIGKILL, NULL, 0);
        else
            kill(snapshot->pid, SIGKILL);
        trace_reap(snapshot->pid);
    }
    int fds[] = {snapshot->pidfd, snapshot->mem, snapshot->pagemap};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        close_descriptor(&fds[i]);
    *snapshot = (struct snapshot){.child_pid = snapshot->child_pid, .pidfd = -1, .mem = -1, .pagemap = -1};
}

/* ---- a snapshot that is the program's child ---- */

static int reap_frozen(struct capture *capture, int64_t own_pid)
{
    struct injector injector;
    int error = read_threads(capture);
    if (error == 0)
        error = read_rights(capture); /* suspends filters, which might kill for our calls */
    if (error < 0)
        return error;
    error = injector_open(&injector, capture, LEAST_ARGUMENTS);
    if (error == 0)
        error = inject_begin(&injector, &capture->threads[0]);
    if (error == 0)
        error = reap_there(&injector, own_pid);
    injector_close(&injector);
    return error;
}

int forget_snapshot(struct capture *capture)
{
    struct capture_request request = {.pid = capture->pid, .keep_running = true};
    struct report unsaid = {0};
    struct capture again = {
        .request = &request, .report = &unsaid, .pid = capture->pid, .mem = capture->mem, .gadgets = capture->gadgets,
        .vdso_start = capture->vdso_start, .vdso_end = capture->vdso_end,
    };
    if (!capture->snapshot.child_pid)
        return 0;
    if (freeze_process(&again) == 0)
        reap_frozen(&again, capture->snapshot.child_pid);
    thaw_process(&again);
    if (again.thawed_at)
        capture->frozen_again_ns += again.thawed_at - again.frozen_since;
    capture->snapshot.child_pid = 0;
    free(again.threads);
    struct buffer *buffers[] = {&again.xstates, &again.pending, &again.strings, &again.leader_groups, &again.filters};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_free(buffers[i]);
    report_clear(&unsaid);
    return 0;
}
