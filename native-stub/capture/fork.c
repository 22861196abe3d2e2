/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fork.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "code.h"
#include "fork_memory.h"
#include "fork_steps.h"
#include "freeze.h"
#include "image_format.h"
#include "interrogate.h"
#include "preflight.h"
#include "proc_files.h"
#include "rights.h"
#include "threads.h"

#define ATTEMPTS 200 /* while lazy memory of an image is being converted */
#define BETWEEN_ATTEMPTS_NS 2000000
#define FRAMES_BYTES 65536 /* for the arguments of calls and two signal frames */

/* ---- who called ---- */

/* The thread that waits for the answer does so by futex(2), a moment at a time; between two it is not known. */
static void find_caller(struct forking *forking)
{
    const struct caller *caller = forking->request->caller;
    for (size_t i = 0; caller && i < forking->parent.thread_count; i++) {
        uint64_t state = caller->record + offsetof(struct image_launch_record, state);
        struct thread *thread = &forking->parent.threads[i];
        if (thread->call.inside && thread->call.number == SYS_futex && thread->regs.rdi == state)
            forking->caller = thread;
    }
}

/* ---- what cannot be forked ---- */

/* All threads of the child get what its main thread has of the parent's. */
static int check_rights_are_common(struct forking *forking)
{
    const struct capture *parent = &forking->parent;
    const struct thread *leader = &parent->threads[0];
    for (size_t i = 1; i < parent->thread_count; i++) {
        struct ckpt_rights own = parent->threads[i].rights;
        own.io_priority = leader->rights.io_priority;
        bool same_groups = own.groups.length == leader->rights.groups.length &&
                           (own.groups.length == 0 ||
                            memcmp(parent->strings.data + own.groups.offset, parent->strings.data + leader->rights.groups.offset,
                                   own.groups.length) == 0);
        own.groups = leader->rights.groups;
        if (!same_groups || memcmp(&own, &leader->rights, sizeof(own)) != 0 ||
            parent->threads[i].seccomp_mode != leader->seccomp_mode)
            return refuse(forking->report, -ENOTSUP,
                          "forking process %d: its thread %d has other rights than its main thread (user, groups, "
                          "capabilities, seccomp filters, memory policy), which its copy would not have", parent->pid,
                          parent->threads[i].tid);
    }
    return 0;
}

/* A fork of memory with such a descriptor waits until somebody has read of it (fs/userfaultfd.c, dup_userfaultfd_complete), and
 * who would, may stand still. */
static int check_fault_descriptors(struct forking *forking)
{
    pid_t pid = forking->request->pid;
    AUTO_FREE pid_t *numbers = NULL;
    size_t count;
    if (list_proc_numbers(&numbers, &count, "%d/fd", pid) < 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        char link[64];
        unsigned features = 0;
        AUTO_BUFFER struct buffer text = {0};
        if (read_proc_link(link, sizeof(link), "%d/fd/%d", pid, numbers[i]) < 0 || !strstr(link, "[userfaultfd]") ||
            read_proc(&text, "%d/fdinfo/%d", pid, numbers[i]) < 0)
            continue;
        const char *api = text_field((char *)text.data, "API:");
        if (api && sscanf(api, "%*x:%x", &features) == 1 && features & UFFD_FEATURE_EVENT_FORK)
            return refuse(forking->report, -ENOTSUP,
                          "forking process %d: its descriptor %d (userfaultfd) is told of forks, and the fork would wait for "
                          "threads that stand still", pid, numbers[i]);
    }
    return 0;
}

/* A launched program may be in the middle of giving itself lazy memory as its own, which one process at a time can. */
static bool find_resident(const struct capture *parent, uint64_t *ret_address, struct image_resident *ret)
{
    struct program_memory memory;
    *ret_address = 0;
    if (read_places(&memory, parent) == 0) {
        const struct place_kind *places = (void *)memory.places.data;
        for (size_t i = 0; i < memory.places.size / sizeof(*places) && !*ret_address; i++)
            if (places[i].anonymous && places[i].writable && !places[i].shared &&
                read_memory(&memory, places[i].start, ret, sizeof(*ret)) && ret->magic == IMAGE_RESIDENT_MAGIC_U64 &&
                ret->active)
                *ret_address = places[i].start;
    }
    buffer_free(&memory.places);
    return *ret_address;
}

static bool is_converting(const struct forking *forking)
{
    const struct capture *parent = &forking->parent;
    struct image_resident resident;
    return forking->resident && pread(parent->mem, &resident, sizeof(resident), (off_t)forking->resident) == sizeof(resident) &&
           (resident.torn || resident.converter == parent->threads[0].record.own_tid);
}

/* While it does so, it may also be traced by a process of its own for a moment. */
static bool is_launched_and_traced(const struct fork_request *request)
{
    struct capture program = {.pid = request->pid, .mem = -1};
    struct image_resident resident;
    uint64_t address;
    AUTO_CLOSE int mem = program.mem = open_proc(O_RDONLY, "%d/mem", request->pid);
    return mem >= 0 && find_resident(&program, &address, &resident);
}

/* ---- the parent ---- */

static int check_injector(struct forking *forking)
{
    const struct injector *injector = &forking->injector;
    const char *what = !survivable(injector) ? "its code has no place for what ends a fork that fails"
                       : !injector->scratch || injector->arguments_size < LEAST_ARGUMENTS + 2 * injector->frame_size
                           ? "it may have no more memory (ulimit -v)" : NULL;
    return what ? refuse(forking->report, -ENOTSUP, "forking process %d: %s", forking->parent.pid, what) : 0;
}

static int ask_threads(struct forking *forking)
{
    struct injector *injector = &forking->injector;
    struct capture *parent = &forking->parent;
    for (size_t i = 0; i < parent->thread_count; i++) {
        int error = inject_begin(injector, &parent->threads[i]);
        if (error < 0)
            return error;
        error = ask_forked_thread(injector, &parent->threads[i]);
        if (error == 0)
            error = ask_rights(injector, &parent->threads[i], i == 0);
        if (error == 0 && i == 0)
            error = check_tiles(injector, parent);
        int end = inject_end(injector);
        error = error < 0 ? error : end;
        if (error < 0)
            return error;
        if (capture_given_up(parent))
            return -ECANCELED;
    }
    return 0;
}

static int describe_birth(struct forking *forking, int error)
{
    const char *why = error == -EAGAIN ? ": it may have no more processes (ulimit -u, pids.max of its control group), or its main "
                                         "thread has deadline scheduling"
                      : error == -ENOMEM ? ": the kernel has no memory for it (vm.overcommit_memory)"
                      : error == -ECHILD ? ": the child was killed" : "";
    return refuse(forking->report, error, "forking process %d: %s%s", forking->parent.pid, strerror(-error), why);
}

static int fork_frozen(struct forking *forking)
{
    struct capture *parent = &forking->parent;
    int error = injector_open(&forking->injector, parent, FRAMES_BYTES);
    if (error == 0)
        error = check_injector(forking);
    if (error == 0)
        error = ask_threads(forking);
    if (error == 0)
        error = check_rights_are_common(forking);
    size_t said = forking->report->count;
    if (error == 0) {
        error = make_child(forking);
        if (error < 0 && forking->report->count == said)
            error = describe_birth(forking, error);
    }
    injector_close(&forking->injector);
    return error;
}

static int prepare_parent(struct forking *forking)
{
    struct capture *parent = &forking->parent;
    int error = preflight(parent);
    if (error == 0)
        error = check_fault_descriptors(forking);
    if (error < 0)
        return error;
    struct image_resident resident;
    parent->vdso_start = parent->vdso_end = 0; /* the child has the same one: its threads may be inside */
    find_resident(parent, &forking->resident, &resident);
    find_code(parent);
    return 0;
}

static int freeze_parent(struct forking *forking)
{
    struct capture *parent = &forking->parent;
    const struct caller *caller = forking->request->caller;
    int error = freeze_process(parent);
    if (error == 0 && caller && !caller_waits(parent->mem, caller->record, caller->cookie))
        error = refuse(forking->report, -ECANCELED, "forking process %d: it has become another program since it asked for it",
                       parent->pid);
    if (error == 0)
        error = read_threads(parent);
    if (error == 0)
        error = read_rights(parent);
    if (error == 0 && is_converting(forking))
        error = refuse(forking->report, -EBUSY, "forking process %d: memory of the image that it was launched from is being "
                       "converted; try again", parent->pid);
    return error;
}

/* All but the thread that called. */
static void let_parent_go_on(struct forking *forking)
{
    struct capture *parent = &forking->parent;
    if (forking->caller)
        forking->caller->attached = false;
    thaw_process(parent);
    if (forking->caller)
        forking->caller->attached = parent->frozen = true;
}

static int answer_child(const struct forking *forking)
{
    if (!forking->request->caller)
        return 0;
    struct caller child = *forking->request->caller;
    child.mem = forking->child.mem;
    return caller_answer_fork(&child, IMAGE_LAUNCH_CHILD, 0);
}

static int fork_steps(struct forking *forking)
{
    int error = prepare_parent(forking);
    if (error == 0)
        error = freeze_parent(forking);
    if (error < 0)
        return error;
    find_caller(forking);
    error = fork_frozen(forking);
    if (forking->request->caller && forking->own_child)
        caller_name_child(forking->request->caller, (int32_t)forking->own_child);
    let_parent_go_on(forking);
    if (error == 0)
        error = complete_child(forking);
    if (error == 0 && answer_child(forking) < 0)
        error = refuse(forking->report, -ESRCH, "forking process %d: the child was killed before it was complete",
                       forking->parent.pid);
    return error;
}

/* ---- all of it ---- */

static void release(struct forking *forking)
{
    struct capture *parent = &forking->parent;
    free(parent->threads);
    free(forking->child.threads);
    free(forking->new_ids);
    free(forking->child_injector.place.bytes);
    int fds[] = {parent->mem, parent->pagemap, parent->pidfd, forking->child.mem, forking->child.pagemap};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        close_descriptor(&fds[i]);
    struct buffer *buffers[] = {&parent->xstates, &parent->pending, &parent->strings, &parent->leader_groups, &parent->filters};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_free(buffers[i]);
}

static bool is_for_a_moment(const struct fork_request *request, int error)
{
    return (error == -EBUSY || error == -EPERM) && is_launched_and_traced(request);
}

/* Returns 1 when it is to be tried again. */
static int fork_once(const struct fork_request *request, struct fork_outcome *ret, struct report *report, bool last)
{
    struct forking forking = {
        .request = request, .report = report,
        .capture_request = {.pid = request->pid, .keep_running = true, .allow = ALLOW_CHILDREN, .give_up = request->give_up},
        .parent = {.report = report, .pid = request->pid, .pidfd = -1, .mem = -1, .pagemap = -1},
        .child = {.mem = -1, .pagemap = -1, .pidfd = -1},
    };
    forking.parent.request = &forking.capture_request;
    int error = fork_steps(&forking);
    if (error < 0) {
        end_child(&forking);
        if (error == -ECANCELED && report->count == 0)
            refuse(report, error, "forking process %d: interrupted", request->pid);
        bool again = !last && is_for_a_moment(request, error);
        if (!again && request->caller)
            caller_answer(request->caller, error, report);
        error = again ? 1 : error;
    } else {
        *ret = (struct fork_outcome){.child = forking.child.pid, .threads = (uint32_t)forking.child.thread_count};
        ret->stopped_ns = forking.parent.thawed_at - forking.parent.frozen_since;
        /* The child is complete. Should we die here, it was made, and killed. */
        if (request->caller)
            caller_answer_fork(request->caller, IMAGE_LAUNCH_FORKED, (int32_t)forking.own_child);
        release_child(&forking);
    }
    thaw_process(&forking.parent);
    if (error == 0)
        ret->forked_ns = now_ns(CLOCK_MONOTONIC) - forking.parent.frozen_since;
    release(&forking);
    return error;
}

int fork_program(const struct fork_request *request, struct fork_outcome *ret, struct report *report)
{
    sigset_t children, before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    int error = 1;
    for (int attempt = 1; attempt <= ATTEMPTS && error > 0; attempt++) {
        struct timespec pause = {0, BETWEEN_ATTEMPTS_NS};
        if (attempt > 1)
            nanosleep(&pause, NULL);
        report_clear(report);
        error = fork_once(request, ret, report, attempt == ATTEMPTS);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}
