/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "caller.h"
#include "code.h"
#include "descriptors.h"
#include "early_mappings.h"
#include "ending.h"
#include "extents.h"
#include "file_pages.h"
#include "follower.h"
#include "freeze.h"
#include "index.h"
#include "inputs.h"
#include "interrogate.h"
#include "mappings.h"
#include "memory_files.h"
#include "outside.h"
#include "pages.h"
#include "posix_timers.h"
#include "preflight.h"
#include "proc_files.h"
#include "process.h"
#include "rights.h"
#include "snapshot.h"
#include "sockets.h"
#include "state.h"
#include "threads.h"
#include "watches.h"

#define DEFAULT_NAME "myckpt.dat"
#define SNAPSHOT_STEP "snapshot's pages"
#define ENDING_LOOKS 40
#define ENDING_INTERVAL_NS 5000000

const struct allowance ALLOWANCES[] = {
    {"children", ALLOW_CHILDREN, "capture a program that has child processes, without them"},
    {"outside-pipe", ALLOW_OUTSIDE_PIPE, "capture pipes to other processes; a launch has its own at that number, or a broken one"},
    {"file-lock", ALLOW_FILE_LOCK, "capture files that are locked; a launch does not lock them again"},
    {"shared-memory", ALLOW_SHARED_MEMORY, "capture memory that other processes share; a launch has its own copy"},
    {"mapped-copy", ALLOW_MAPPED_COPY, "a launch that does not find a mapped file or segment has its own copy of the memory"},
    {"semaphores", ALLOW_SEMAPHORES, "capture semaphores taken with SEM_UNDO; a launch does not take them again"},
    {"watch-events", ALLOW_WATCH_EVENTS, "capture inotify instances without the events that were not read yet"},
    {"tcp-closed", ALLOW_TCP_CLOSED, "capture TCP connections; a launch finds them reset by their peer"},
    {"unix-closed", ALLOW_UNIX_CLOSED, "capture connections to UNIX sockets of other processes; a launch finds them closed"},
    {"lost-datagrams", ALLOW_LOST_DATAGRAMS, "capture sockets with datagrams that were not read yet; a launch has lost them"},
    {"foreign-fd", ALLOW_FOREIGN_FD, "capture descriptors that no launch can make; undump --fd says what takes their place"},
};
const unsigned ALLOWANCE_COUNT = sizeof(ALLOWANCES) / sizeof(ALLOWANCES[0]);

uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool capture_given_up(const struct capture *capture)
{
    sigset_t pending, both;
    if (!capture->request->give_up || sigpending(&pending) < 0)
        return false;
    sigandset(&both, &pending, capture->request->give_up);
    return !sigisemptyset(&both);
}

void capture_prepare_process(void)
{
    signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f then fails with EFBIG instead */
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* takes the lowest free number */
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

/* ---- the output's name ---- */

/* Replaces %p and %n; %% is a percent sign. */
static int expand_name(const struct capture_request *request, char *name, size_t size)
{
    size_t length = 0;
    for (const char *at = request->output ? request->output : DEFAULT_NAME; *at; at++) {
        int written;
        if (at[0] == '%' && at[1] == 'p')
            written = snprintf(name + length, size - length, "%d", request->pid);
        else if (at[0] == '%' && at[1] == 'n')
            written = snprintf(name + length, size - length, "%u", request->number);
        else
            written = snprintf(name + length, size - length, "%c", *at);
        if (at[0] == '%' && (at[1] == 'p' || at[1] == 'n' || at[1] == '%'))
            at++;
        length += (size_t)written;
        if (length >= size)
            return -ENAMETOOLONG;
    }
    return 0;
}

static int open_output(struct capture *capture)
{
    const struct capture_request *request = capture->request;
    char name[PATH_MAX], base_path[PATH_MAX];
    if (expand_name(request, name, sizeof(name)) < 0)
        return refuse(capture->report, -ENAMETOOLONG, "writing the checkpoint %s: the name is too long", request->output);
    if (request->output) {
        if (!getcwd(base_path, sizeof(base_path)))
            snprintf(base_path, sizeof(base_path), ".");
        return writer_open(&capture->writer, AT_FDCWD, base_path, name, capture->report);
    }
    AUTO_CLOSE int base = open_proc(O_RDONLY | O_DIRECTORY, "%d/cwd", capture->pid);
    if (base < 0 || read_proc_link(base_path, sizeof(base_path), "%d/cwd", capture->pid) < 0)
        return refuse(capture->report, base, "opening the working directory of process %d: %s; name a file with -o",
                      capture->pid, strerror(-base));
    return writer_open(&capture->writer, base, base_path, name, capture->report);
}

/* ---- the steps ---- */

struct step {
    const char *name;
    int (*run)(struct capture *capture);
};

/* Runs the steps until one fails, and notes how long each took. */
static int run_steps(struct capture *capture, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t start = now_ns(CLOCK_MONOTONIC);
        int error = steps[i].run(capture);
        if (error < 0)
            return error;
        if (capture->step_count < CAPTURE_STEPS)
            capture->steps[capture->step_count++] =
                (struct capture_step){steps[i].name, now_ns(CLOCK_MONOTONIC) - start};
    }
    return 0;
}

static int look_around(struct capture *capture)
{
    find_channels_elsewhere(capture);
    find_memory_elsewhere(capture);
    find_code(capture);
    find_watches(capture);
    describe_cpu(&capture->cpu, &capture->cpuid); /* in a virtual machine each question takes its host */
    return look_at_memory_policies(capture);
}

/* Now that it stands still: it must not be another program that is written in the place of the one that asked, or ended. */
static int check_request(struct capture *capture)
{
    const struct capture_request *request = capture->request;
    if (!request->launch_record || caller_waits(capture->mem, request->launch_record, request->launch_cookie))
        return 0;
    return refuse(capture->report, -ECANCELED, "capturing process %d: it has become another program since it asked for it; nothing was "
                  "written", capture->pid);
}

static int read_clocks(struct capture *capture)
{
    capture->process.realtime_ns = now_ns(CLOCK_REALTIME);
    capture->process.monotonic_ns = now_ns(CLOCK_MONOTONIC);
    capture->process.boottime_ns = now_ns(CLOCK_BOOTTIME);
    return check_children(capture);
}

static int go_on(struct capture *capture)
{
    if (!capture->request->keep_running)
        return 0;
    if (capture->request->follower)
        follower_end(capture->request->follower);
    thaw_process(capture);
    return 0;
}

static int write_rest(struct capture *capture)
{
    append_threads(capture);
    settle_memory_policies(capture);
    sort_extents(capture);
    append_mappings(capture);
    append_memory_files(capture);
    uint64_t until = capture->thawed_at ? capture->thawed_at : now_ns(CLOCK_MONOTONIC);
    capture->process.frozen_ns = until - capture->frozen_since + capture->frozen_again_ns;
    int error = write_index(capture);
    return error < 0 ? error : writer_commit(&capture->writer, capture->report);
}

/* Only now: a checkpoint that was not written must not cost the program. */
static int end_program(struct capture *capture)
{
    if (capture->request->keep_running)
        return 0;
    if (capture->request->launch_record) /* it asked to be ended, and its caller looks at how */
        end_process(capture);
    else
        kill_process(capture);
    return 0;
}

static const struct step STEPS[] = {
    {"checks", preflight},
    {"output", open_output},
    {"look around", look_around},
    {"early mappings", look_at_mappings},
    {"freeze", freeze_process},
    {"request", check_request},
    {"clocks", read_clocks},
    {"threads", read_threads},
    {"process", read_process},
    {"rights", read_rights}, /* before the questions, which a filter could answer with death */
    {"descriptors", read_descriptors},
    {"timers", list_posix_timers},
    {"mappings", take_mappings}, /* before the questions, which need memory of their own for a moment */
    {"memory files", open_memory_files},
    {"inputs", append_inputs},
    {"questions", interrogate},
    {"signals", read_process_signals}, /* behind the questions for the timers that send them */
    {"timers' signals", settle_posix_timers},
    {"snapshot", make_snapshot},
    {"their contents", save_memory_files},
    {"pages", save_pages},
    {"go on", go_on},
};

/* After the first of these the program may run already: they neither trace nor look at it. */
static const struct step FINISHING_STEPS[] = {
    {SNAPSHOT_STEP, save_snapshot_pages},
    {"forget snapshot", forget_snapshot},
    {"files", finish_extents},
    {"write", write_rest},
};

static const struct step LAST_STEPS[] = {
    {"end", end_program},
};

#define RUN_STEPS(capture, steps) run_steps(capture, steps, sizeof(steps) / sizeof((steps)[0]))

/* ---- finishing while the caller serves the stops of its threads ---- */

struct finishing {
    struct capture *capture;
    int error;
    atomic_bool done;
};

static void *run_finishing(void *argument)
{
    struct finishing *finishing = argument;
    finishing->error = RUN_STEPS(finishing->capture, FINISHING_STEPS);
    atomic_store(&finishing->done, true);
    kill(getpid(), SIGCHLD); /* wakes the other thread, which waits for this signal */
    return NULL;
}

/* A program whose threads came seized stands at every signal until its tracer lets it go on, so the tracer must not be
 * busy with a file meanwhile. */
static int finish(struct capture *capture)
{
    const struct capture_request *request = capture->request;
    struct finishing finishing = {.capture = capture};
    pthread_t thread;
    sigset_t children;
    if (!request->serve || !request->keep_running || pthread_create(&thread, NULL, run_finishing, &finishing) != 0)
        return RUN_STEPS(capture, FINISHING_STEPS);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    do {
        request->serve(request->context);
        sigwaitinfo(&children, NULL);
    } while (!atomic_load(&finishing.done));
    pthread_join(thread, NULL);
    request->serve(request->context);
    return finishing.error;
}

static void release(struct capture *capture)
{
    thaw_process(capture);
    drop_snapshot(capture);
    forget_snapshot(capture);
    writer_close(&capture->writer);
    int fds[] = {capture->pidfd, capture->mem, capture->pagemap};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        close_descriptor(&fds[i]);
    release_mapped_files(capture);
    release_mappings(capture);
    release_early_mappings(capture);
    release_memory_files(capture);
    release_posix_timers(capture);
    release_watches(capture);
    release_like_sockets(capture);
    free(capture->threads);
    free(capture->channels_elsewhere);
    free(capture->pipe_ends);
    free(capture->memory_elsewhere);
    struct buffer *buffers[] = {
        &capture->threads_section, &capture->rights_section, &capture->leader_groups, &capture->filters, &capture->memory_policies,
        &capture->xstates, &capture->mappings_section, &capture->extents,
        &capture->descriptors, &capture->descriptions, &capture->pipes, &capture->sockets, &capture->socket_options, &capture->socket_facts,
        &capture->epoll_items, &capture->file_locks, &capture->file_owners, &capture->segments, &capture->semaphores,
        &capture->terminals, &capture->actions,
        &capture->pending, &capture->auxv, &capture->cpuid, &capture->inputs, &capture->strings, &capture->allowances,
    };
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_free(buffers[i]);
}

static void fill_outcome(const struct capture *capture, struct capture_outcome *ret)
{
    struct stat status;
    snprintf(ret->path, sizeof(ret->path), "%.*s/%s", 3800,
             strcmp(capture->writer.directory_path, "/") == 0 ? "" : capture->writer.directory_path,
             capture->writer.name);
    ret->bytes = fstat(capture->writer.fd, &status) == 0 ? (uint64_t)status.st_blocks * 512 : 0;
    ret->frozen_ns = (capture->thawed_at ? capture->thawed_at : now_ns(CLOCK_MONOTONIC)) - capture->frozen_since +
                     capture->frozen_again_ns;
    ret->threads = (uint32_t)capture->thread_count;
    ret->step_count = capture->step_count;
    memcpy(ret->steps, capture->steps, sizeof(ret->steps));
    for (uint32_t i = 0; i < ret->step_count; i++)
        if (capture->request->cow && strcmp(ret->steps[i].name, SNAPSHOT_STEP) == 0)
            ret->snapshot_ns = ret->steps[i].took_ns;
}

static int capture_once(const struct capture_request *request, bool copy_at_once, struct capture_outcome *ret,
                        struct report *report)
{
    struct capture capture = {
        .request = request, .report = report, .pid = request->pid, .pidfd = -1, .mem = -1, .pagemap = -1,
        .copy_at_once = copy_at_once, .writer = {.directory = -1, .fd = -1},
        .snapshot = {.pidfd = -1, .mem = -1, .pagemap = -1},
    };
    int error = RUN_STEPS(&capture, STEPS);
    if (error == 0)
        error = finish(&capture);
    if (error == 0)
        error = RUN_STEPS(&capture, LAST_STEPS);
    if (error == 0)
        fill_outcome(&capture, ret);
    ret->went_on = capture.thawed_at && request->keep_running;
    release(&capture);
    return error;
}

/* Whether a thread of the process is there that has not ended. */
static bool is_alive(pid_t pid)
{
    AUTO_FREE pid_t *tids = NULL;
    size_t count;
    if (list_proc_numbers(&tids, &count, "%d/task", pid) < 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        AUTO_BUFFER struct buffer stat = {0};
        if (read_proc(&stat, "%d/task/%d/stat", pid, tids[i]) == 0 && !strchr("ZX", stat_state((char *)stat.data)))
            return true;
    }
    return false;
}

/* The threads of a killed program end one after the other; a moment tells it from one whose main thread has left. */
static bool has_ended(pid_t pid)
{
    for (int look = 0; look < ENDING_LOOKS; look++) {
        AUTO_BUFFER struct buffer stat = {0};
        struct timespec moment = {0, ENDING_INTERVAL_NS};
        if (!is_alive(pid))
            return true;
        if (read_proc(&stat, "%d/stat", pid) == 0 && !strchr("ZX", stat_state((char *)stat.data)))
            return false;
        nanosleep(&moment, NULL);
    }
    return false;
}

/* A program that ends while it is captured fails in many places and words, of which one is right. */
static void report_end(const struct capture_request *request, struct report *report)
{
    report_clear(report);
    report->program_ended = true;
    refuse(report, -ESRCH, "capturing process %d: it ended meanwhile; nothing was written", request->pid);
}

int capture_program(const struct capture_request *request, struct capture_outcome *ret, struct report *report)
{
    sigset_t children, before;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &before);
    bool was_alive = is_alive(request->pid);
    int error = capture_once(request, false, ret, report);
    if (error == -ESTALE) {
        report_clear(report);
        error = capture_once(request, true, ret, report);
    }
    if (error < 0 && error != -ECANCELED && was_alive && !ret->went_on && (error == -ESRCH || has_ended(request->pid)))
        report_end(request, report);
    if (error == -ECANCELED && report->count == 0)
        refuse(report, error, "capturing process %d: interrupted; nothing was written", request->pid);
    if (error < 0 && report->count == 0)
        refuse(report, error, "capturing process %d: %s; try again", request->pid, strerror(-error));
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error;
}
