/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork_steps.h"
#include "proc_files.h"
#include "thread_ids.h"
#include "tracing.h"

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS)
#define NO_PROCESS INT_MAX /* no process has this number */

int refuse_child(struct forking *forking, const struct thread *thread, const char *what, int error)
{
    if (error == -ESRCH || error == -ECHILD)
        return refuse(forking->report, -ESRCH, "forking process %d: the child was killed before it was complete",
                      forking->request->pid);
    return refuse(forking->report, error, "forking process %d: %s of thread %u in the child: %s", forking->request->pid, what,
                  thread->record.tid, strerror(-error));
}

/* ---- its birth ---- */

/* Two more frames: the parent's thread, when nobody leads it, waits for the child before it goes on; the child ends. */
static int write_frames(struct injector *injector, const struct thread *thread, uint64_t *ret_waited_for, uint64_t *ret_waiting,
                        uint64_t *ret_exiting)
{
    uint64_t address = injector->gadgets.returning.address, frame = injector->arguments + LEAST_ARGUMENTS;
    struct user_regs_struct registers = thread->resume;
    *ret_waited_for = signal_frame_argument(frame);
    set_syscall(&registers, address, injector->stack, SYS_wait4, (const uint64_t[6]){NO_PROCESS, 0, __WALL});
    int error = inject_frame(injector, thread, frame, &registers, ALL_SIGNALS, ret_waiting);
    if (error < 0)
        return error;
    set_syscall(&registers, address, injector->stack, SYS_exit_group, (const uint64_t[6]){0});
    return inject_frame(injector, thread, frame + injector->frame_size, &registers, ALL_SIGNALS, ret_exiting);
}

static int open_child(struct forking *forking, pid_t pid)
{
    struct capture *child = &forking->child;
    struct thread *leader = &child->threads[0];
    leader->tid = child->pid = pid;
    child->mem = open_proc(O_RDWR, "%d/mem", pid);
    child->pagemap = open_proc(O_RDONLY, "%d/pagemap", pid);
    return child->mem < 0 ? child->mem : child->pagemap < 0 ? child->pagemap : 0;
}

/* The child, when the main thread has made one. */
static int call_fork(struct forking *forking, struct thread *leader, uintptr_t suspend)
{
    struct injector *injector = &forking->injector;
    uint64_t waited_for, waiting, exiting, clear = leader->record.clear_child_tid;
    pid_t born = 0;
    int error = write_frames(injector, leader, &waited_for, &waiting, &exiting);
    if (error == 0)
        error = trace_set_options(leader->tid, PTRACE_O_TRACEFORK | suspend);
    if (error < 0)
        return error;
    uint64_t flags = SIGCHLD | CLONE_PARENT_SETTID | (clear ? CLONE_CHILD_CLEARTID : 0);
    const uint64_t arguments[6] = {flags, exiting, waited_for, clear};
    error = inject_call_from(injector, waiting, &forking->own_child, &born, SYS_clone, arguments);
    if (error == 0 && forking->own_child < 0) {
        error = (int)forking->own_child;
        forking->own_child = 0;
        return error;
    }
    forking->child_is_ours = born != 0;
    forking->child.threads[0].tid = forking->child.pid = born;
    if (error == 0)
        error = born ? trace_wait_for_birth(born) : -ECHILD;
    if (error == 0)
        error = trace_set_options(born, PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE | suspend);
    return error < 0 ? error : open_child(forking, born);
}

static int copy_threads(struct forking *forking)
{
    const struct capture *parent = &forking->parent;
    struct capture *child = &forking->child;
    *child = *parent;
    child->mem = child->pagemap = child->pidfd = -1;
    child->threads = calloc(parent->thread_count, sizeof(*child->threads));
    forking->new_ids = calloc(parent->thread_count, sizeof(*forking->new_ids));
    if (!child->threads || !forking->new_ids) {
        child->thread_count = 0;
        return -ENOMEM;
    }
    memcpy(child->threads, parent->threads, parent->thread_count * sizeof(*child->threads));
    for (size_t i = 0; i < child->thread_count; i++) {
        child->threads[i].tid = 0;
        child->threads[i].changed = false;
    }
    return 0;
}

/* The child has a copy of everything that was borrowed in the parent, and gives it back by itself. */
static int copy_injector(struct forking *forking)
{
    const struct injector *injector = &forking->injector;
    struct injector *copy = &forking->child_injector;
    *copy = *injector;
    copy->capture = &forking->child;
    copy->thread = NULL;
    copy->place.bytes = malloc(injector->place.size);
    if (!copy->place.bytes)
        return -ENOMEM;
    memcpy(copy->place.bytes, injector->place.bytes, injector->place.size);
    copy->place.thread = forking->child.threads + (injector->place.thread - forking->parent.threads);
    return 0;
}

int make_child(struct forking *forking)
{
    struct injector *injector = &forking->injector;
    struct thread *leader = &forking->parent.threads[0];
    uintptr_t suspend = leader->filters_suspended ? PTRACE_O_SUSPEND_SECCOMP : 0;
    int error = copy_threads(forking);
    if (error == 0)
        error = copy_injector(forking);
    if (error == 0)
        error = inject_begin(injector, leader);
    if (error < 0)
        return error;
    error = call_fork(forking, leader, suspend);
    trace_set_options(leader->tid, suspend);
    int end = inject_end(injector);
    return error < 0 ? error : end;
}

/* ---- its threads ---- */

static int make_thread(struct forking *forking, struct thread *thread, uint32_t *ret_id)
{
    uint64_t clear = thread->record.clear_child_tid;
    const uint64_t arguments[6] = {THREAD_FLAGS | (clear ? CLONE_CHILD_CLEARTID : 0), 0, 0, clear, thread->regs.fs_base};
    int64_t result;
    int error = inject_call_from(&forking->child_injector, forking->child_injector.stack, &result, &thread->tid, SYS_clone,
                                 arguments);
    if (error < 0 || result < 0)
        return error < 0 ? error : (int)result;
    *ret_id = (uint32_t)result;
    return thread->tid ? trace_wait_for_birth(thread->tid) : -ECHILD;
}

static int describe_too_many(struct forking *forking, size_t made, int error)
{
    if (error != -EAGAIN)
        return refuse_child(forking, &forking->child.threads[made], "making the copy", error);
    return refuse(forking->report, error,
                  "forking process %d: making thread %zu of %zu in the child: %s: it may have no more processes and threads "
                  "(ulimit -u, pids.max of its control group)", forking->request->pid, made + 1, forking->child.thread_count,
                  strerror(-error));
}

/* The main thread is there; it makes the others. */
static int make_threads(struct forking *forking)
{
    struct capture *child = &forking->child;
    AUTO_BUFFER struct buffer status = {0};
    if (read_proc(&status, "%d/status", child->pid) < 0)
        return refuse_child(forking, &child->threads[0], "reading the status", -ESRCH);
    forking->new_ids[0] = (uint32_t)text_last_number((char *)status.data, "NSpid:", (uint64_t)child->pid);
    size_t said = forking->report->count;
    int error = inject_begin(&forking->child_injector, &child->threads[0]);
    for (size_t i = 1; i < child->thread_count && error == 0; i++) {
        error = make_thread(forking, &child->threads[i], &forking->new_ids[i]);
        if (error < 0 && forking->report->count == said)
            describe_too_many(forking, i, error);
    }
    int end = forking->child_injector.thread ? inject_end(&forking->child_injector) : 0;
    return error < 0 ? error : end;
}

/* ---- complete ---- */

static int begin_waits(struct forking *forking)
{
    struct capture *child = &forking->child;
    for (size_t i = 0; i < child->thread_count; i++) {
        int error = begin_wait_again(forking, &child->threads[i]);
        if (error < 0)
            return refuse_child(forking, &child->threads[i], "beginning the wait again", error);
    }
    return 0;
}

/* What is borrowed goes before the waits begin, for they must be the last calls of their threads. */
static int give_back(struct forking *forking)
{
    struct injector *injector = &forking->child_injector;
    uint8_t *bytes = malloc(injector->place.size);
    struct borrowed_place place = injector->place;
    size_t said = forking->report->count;
    if (!bytes)
        return refuse_child(forking, &forking->child.threads[0], "giving back the memory", -ENOMEM);
    memcpy(bytes, place.bytes, place.size);
    injector_close(injector);
    place.bytes = bytes;
    injector->place = place; /* fork_waits.c still uses it */
    return forking->report->count > said ? -EIO : 0;
}

int complete_child(struct forking *forking)
{
    prepare_resumes(forking);
    int error = make_threads(forking);
    if (error == 0)
        error = replace_thread_ids(&forking->child_injector, forking->new_ids);
    if (error == 0)
        error = settle_threads(forking);
    if (error == 0)
        error = give_back(forking);
    return error < 0 ? error : begin_waits(forking);
}

/* ---- its end ---- */

void release_child(struct forking *forking)
{
    struct capture *child = &forking->child;
    for (size_t i = child->thread_count; i-- > 0; )
        trace_detach(child->threads[i].tid);
    forking->child_is_ours = false;
}

void end_child(struct forking *forking)
{
    struct capture *child = &forking->child;
    if (!forking->child_is_ours)
        return;
    kill(child->pid, SIGKILL); /* it is traced, so the number is its own */
    for (size_t i = child->thread_count; i-- > 0; )
        if (child->threads[i].tid)
            trace_reap(child->threads[i].tid);
    forking->child_is_ours = false;
}
