/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "posix_timers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "proc_files.h"
#include "threads.h"

/* Clock ids below zero: a thread or process id and what is counted, include/linux/posix-timers.h. */
#define CLOCK_KIND_BITS 3
#define CLOCK_KIND_MASK 7
#define CLOCK_OF_THREAD 4
#define CLOCK_KIND_DESCRIPTOR 3
#define WATCHED_CALLS 8 /* made by a thread to see which timers count its time */
#define CALLS_FOR_A_TICK 200
#define TICK_WAIT_NS UINT64_C(60000000)
#define RECEIVER_TICK_WAIT_NS UINT64_C(500000000)
#define PROBED_IDS 4096

struct posix_timer {
    struct ckpt_posix_timer record;
    bool clock_unknown; /* of the thread that made it, whichever that is */
    uint64_t asked_ns;  /* CLOCK_MONOTONIC of the answer */
};

/* ---- the list ---- */

static const struct thread *find_own_thread(const struct capture *capture, uint32_t own_tid)
{
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].record.own_tid == own_tid)
            return &capture->threads[i];
    return NULL;
}

static const struct thread *find_thread(const struct capture *capture, pid_t tid)
{
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].tid == tid)
            return &capture->threads[i];
    return NULL;
}

static int refuse_clock(struct capture *capture, int id, const char *what)
{
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: its POSIX timer %d counts %s, which cannot be captured; delete it before",
                  capture->pid, id, what);
}

/* Clock ids name threads and processes by the numbers that the program itself sees. */
static int describe_cpu_clock(struct capture *capture, int32_t clock, struct posix_timer *timer)
{
    uint32_t id = ~(uint32_t)(clock >> CLOCK_KIND_BITS), kind = (uint32_t)clock & CLOCK_KIND_MASK;
    uint32_t own_pid = capture->threads[0].record.own_tid;
    timer->record.clock = (int32_t)kind;
    if ((kind & CLOCK_KIND_DESCRIPTOR) == CLOCK_KIND_DESCRIPTOR)
        return refuse_clock(capture, timer->record.id, "the time of a device");
    if (!(kind & CLOCK_OF_THREAD)) {
        timer->record.clock_tid = own_pid;
        return id == 0 || id == own_pid ? 0 : refuse_clock(capture, timer->record.id, "the time of another process");
    }
    timer->record.clock_tid = id ? id : own_pid;
    timer->clock_unknown = id == 0 && capture->thread_count > 1;
    return find_own_thread(capture, timer->record.clock_tid)
               ? 0
               : refuse_clock(capture, timer->record.id, "the time of a thread that has ended");
}

static int add_timer(struct capture *capture, const struct timer_entry *entry)
{
    struct posix_timer timer = {
        .record = {.id = entry->id, .clock = entry->clock, .notify = entry->notify, .signal = entry->signal,
                   .value = entry->value},
    };
    int error = entry->clock < 0 ? describe_cpu_clock(capture, entry->clock, &timer) : 0;
    if (entry->notify & SIGEV_THREAD_ID) {
        const struct thread *receiver = find_thread(capture, entry->target);
        if (receiver)
            timer.record.tid = receiver->record.own_tid;
        else
            timer.record.notify = SIGEV_NONE; /* its thread has ended: nobody hears of it any more */
    }
    struct posix_timer *timers = realloc(capture->posix_timers, (capture->posix_timer_count + 1) * sizeof(*timers));
    if (!timers)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    capture->posix_timers = timers;
    timers[capture->posix_timer_count++] = timer;
    return error;
}

static int order_timers(const void *left, const void *right)
{
    const struct posix_timer *a = left, *b = right;
    return a->record.id < b->record.id ? -1 : a->record.id > b->record.id;
}

int list_posix_timers(struct capture *capture)
{
    AUTO_BUFFER struct buffer text = {0};
    struct timer_entry entry;
    bool bad;
    int refused = 0, error = read_proc(&text, "%d/timers", capture->pid);
    if (error == -ENOENT) {
        capture->posix_timers_hidden = true;
        return 0;
    }
    if (error < 0)
        return refuse(capture->report, error, "reading the POSIX timers of process %d: %s", capture->pid, strerror(-error));
    const char *at = (char *)text.data;
    while (parse_timer_entry(&at, &entry, &bad)) {
        error = add_timer(capture, &entry);
        if (error < 0 && error != -ENOTSUP)
            return error;
        refused = error < 0 ? error : refused;
    }
    if (bad)
        return refuse(capture->report, -ENOTSUP, "reading the POSIX timers of process %d: %.60s", capture->pid, at);
    if (capture->posix_timer_count)
        qsort(capture->posix_timers, capture->posix_timer_count, sizeof(*capture->posix_timers), order_timers);
    return refused;
}

/* ---- the questions ---- */

/* A kernel without CONFIG_CHECKPOINT_RESTORE lists no timers. The id of a new one tells how many there have been. */
static int ask_whether_any(struct injector *injector, struct capture *capture)
{
    struct sigevent nothing = {.sigev_notify = SIGEV_NONE};
    int64_t result, exists = -EINVAL;
    int32_t next = 0;
    if (pwrite(capture->mem, &nothing, sizeof(nothing), (off_t)injector->arguments) != sizeof(nothing))
        return 0;
    uint64_t create[6] = {CLOCK_MONOTONIC, injector->arguments, injector->arguments + sizeof(nothing)};
    int error = inject_call(injector, &result, SYS_timer_create, create);
    if (error < 0 || result < 0)
        return error;
    error = inject_read(injector, sizeof(nothing), &next, sizeof(next));
    uint64_t id[6] = {(uint64_t)next};
    int end = inject_call(injector, &result, SYS_timer_delete, id);
    for (id[0] = 0; error == 0 && end == 0 && exists < 0 && id[0] < (uint64_t)next && id[0] < PROBED_IDS; id[0]++)
        error = inject_call(injector, &exists, SYS_timer_getoverrun, id);
    if (error < 0 || end < 0 || (exists < 0 && next <= PROBED_IDS))
        return error < 0 ? error : end;
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: it has made POSIX timers (timer_create), and this kernel does not tell about them "
                  "(CONFIG_CHECKPOINT_RESTORE); run it on another kernel, or without", capture->pid);
}

static uint64_t nanoseconds(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * 1000000000 + (uint64_t)time->tv_nsec;
}

static int ask_time(struct injector *injector, struct posix_timer *timer)
{
    struct itimerspec time = {0};
    int64_t result;
    uint64_t arguments[6] = {(uint64_t)timer->record.id, injector->arguments};
    int error = inject_call(injector, &result, SYS_timer_gettime, arguments);
    if (error == 0 && result == 0)
        error = inject_read(injector, 0, &time, sizeof(time));
    timer->asked_ns = now_ns(CLOCK_MONOTONIC);
    timer->record.interval_ns = nanoseconds(&time.it_interval);
    timer->record.remaining_ns = nanoseconds(&time.it_value);
    return error;
}

int ask_posix_timers(struct injector *injector, struct capture *capture)
{
    int error = capture->posix_timers_hidden ? ask_whether_any(injector, capture) : 0;
    for (size_t i = 0; error == 0 && i < capture->posix_timer_count; i++)
        error = ask_time(injector, &capture->posix_timers[i]);
    return error;
}

/* ---- whose time ---- */

/* Asks again for the times of all timers whose clock is not known, with the first thread. Those whose time has changed
 * since they were asked last count the time of the thread that has run since. */
static int attribute_time(struct injector *injector, struct capture *capture, const struct thread *ran)
{
    int error = inject_begin(injector, &capture->threads[0]);
    if (error < 0)
        return error;
    for (size_t i = 0; error == 0 && i < capture->posix_timer_count; i++) {
        struct posix_timer *timer = &capture->posix_timers[i];
        uint64_t before = timer->record.remaining_ns;
        if (!timer->clock_unknown)
            continue;
        error = ask_time(injector, timer);
        if (error == 0 && before != timer->record.remaining_ns && ran) {
            timer->clock_unknown = false;
            timer->record.clock_tid = ran->record.own_tid;
        }
    }
    int end = inject_end(injector);
    return error < 0 ? error : end;
}

static int let_run(struct injector *injector, struct thread *thread, unsigned calls)
{
    static const uint64_t none[6];
    int64_t result;
    int error = inject_begin(injector, thread);
    if (error < 0)
        return error;
    for (unsigned i = 0; error == 0 && i < calls; i++)
        error = inject_call(injector, &result, SYS_getpid, none);
    int end = inject_end(injector);
    return error < 0 ? error : end;
}

static size_t count_unknown(const struct capture *capture)
{
    size_t count = 0;
    for (size_t i = 0; i < capture->posix_timer_count; i++)
        count += capture->posix_timers[i].clock_unknown;
    return count;
}

static int watch_threads(struct injector *injector, struct capture *capture)
{
    /* Twice, so that nothing but the first thread has run in between. */
    int error = attribute_time(injector, capture, NULL);
    if (error == 0)
        error = attribute_time(injector, capture, &capture->threads[0]);
    for (size_t i = 1; error == 0 && i < capture->thread_count && count_unknown(capture); i++) {
        error = let_run(injector, &capture->threads[i], WATCHED_CALLS);
        if (error == 0)
            error = attribute_time(injector, capture, &capture->threads[i]);
    }
    return error;
}

/* A timer of CPU time that is due tells one nanosecond until a clock tick finds its thread running, and fires it. */
static bool is_due(const struct posix_timer *timer)
{
    return timer->clock_unknown && timer->record.remaining_ns == 1;
}

/* Lets a thread run until a tick has found it, or for a while. */
static int fire_by_running(struct injector *injector, struct capture *capture, struct posix_timer *timer, struct thread *thread)
{
    int error = 0;
    bool receives = timer->record.tid == thread->record.own_tid;
    uint64_t until = now_ns(CLOCK_MONOTONIC) + (receives ? RECEIVER_TICK_WAIT_NS : TICK_WAIT_NS);
    while (error == 0 && is_due(timer) && now_ns(CLOCK_MONOTONIC) < until) {
        error = let_run(injector, thread, CALLS_FOR_A_TICK);
        if (error == 0)
            error = attribute_time(injector, capture, NULL);
    }
    return error;
}

/* The thread that hears of a timer is most often the one whose time it counts. */
static int fire_due_timers(struct injector *injector, struct capture *capture)
{
    int error = 0;
    for (size_t i = 0; i < capture->posix_timer_count; i++) {
        struct posix_timer *timer = &capture->posix_timers[i];
        for (int others = 0; others <= 1; others++)
            for (size_t j = 0; error == 0 && is_due(timer) && j < capture->thread_count; j++)
                if ((capture->threads[j].record.own_tid != timer->record.tid) == others)
                    error = fire_by_running(injector, capture, timer, &capture->threads[j]);
    }
    return error;
}

int find_timed_threads(struct injector *injector, struct capture *capture)
{
    if (!count_unknown(capture))
        return 0;
    int error = watch_threads(injector, capture);
    if (error == 0 && count_unknown(capture))
        error = fire_due_timers(injector, capture);
    if (error == 0 && count_unknown(capture))
        error = watch_threads(injector, capture);
    for (size_t i = 0; error == 0 && i < capture->posix_timer_count; i++)
        if (capture->posix_timers[i].clock_unknown)
            error = refuse_clock(capture, capture->posix_timers[i].record.id,
                                 "the time of one thread, and the kernel does not say of which");
    return error;
}

/* ---- signals ---- */

static bool is_sent_by(const struct ckpt_pending_signal *pending, int32_t id)
{
    siginfo_t info;
    memcpy(&info, pending->info, sizeof(info));
    return info.si_code == SI_TIMER && info.si_timerid == id;
}

static struct ckpt_pending_signal *find_signal(const struct capture *capture, int32_t id)
{
    struct ckpt_pending_signal *pending = (void *)capture->pending.data;
    for (size_t i = 0; i < capture->pending.size / sizeof(*pending); i++)
        if (is_sent_by(&pending[i], id))
            return &pending[i];
    return NULL;
}

static void forget_signal(struct capture *capture, struct ckpt_pending_signal *pending)
{
    uint8_t *behind = (uint8_t *)(pending + 1);
    memmove(pending, behind, (size_t)(capture->pending.data + capture->pending.size - behind));
    capture->pending.size -= sizeof(*pending);
}

/* Since Linux 6.13 a signal is not delivered any more when its timer was set anew meanwhile. */
static bool drops_outdated_signals(void)
{
    struct utsname name;
    unsigned version = 0, patch_level = 0;
    return uname(&name) == 0 && sscanf(name.release, "%u.%u", &version, &patch_level) == 2 &&
           (version > 6 || (version == 6 && patch_level >= 13));
}

/* The signal is there, so the timer has fired: before it was asked, or since. Then a single one is due no more; of one
 * with an interval the kernel has told the end of the interval in which it was asked, and that may have passed. A timer
 * that is not due yet was set anew since it sent the signal. */
static void settle(struct capture *capture, struct posix_timer *timer, struct ckpt_pending_signal *signal)
{
    struct ckpt_posix_timer *record = &timer->record;
    uint64_t elapsed = now_ns(CLOCK_MONOTONIC) - timer->asked_ns, interval = record->interval_ns;
    bool outdated = record->remaining_ns > (interval ? interval : elapsed);
    if (outdated && drops_outdated_signals())
        forget_signal(capture, signal);
    if (outdated)
        return;
    if (!interval)
        record->remaining_ns = 0;
    else if (record->remaining_ns <= elapsed)
        record->remaining_ns = interval - (elapsed - record->remaining_ns) % interval;
}

int settle_posix_timers(struct capture *capture)
{
    for (size_t i = 0; i < capture->posix_timer_count; i++) {
        struct posix_timer *timer = &capture->posix_timers[i];
        const struct thread *receiver = timer->record.tid ? find_own_thread(capture, timer->record.tid) : NULL;
        if (receiver && !find_signal(capture, timer->record.id)) {
            /* It may have fired since its thread's signals were read. */
            int error = read_timers_signal(capture, receiver, timer->record.id);
            if (error < 0)
                return error;
        }
        struct ckpt_pending_signal *signal = find_signal(capture, timer->record.id);
        if (signal)
            settle(capture, timer, signal);
        buffer_append(&capture->posix_timers_section, &timer->record, sizeof(timer->record));
    }
    if (capture->posix_timers_section.failed)
        return refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid);
    return 0;
}

void release_posix_timers(struct capture *capture)
{
    free(capture->posix_timers);
    buffer_free(&capture->posix_timers_section);
}
