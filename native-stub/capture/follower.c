/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "follower.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "follower_steps.h"
#include "freeze.h"
#include "proc_files.h"

#define LEAST_PLACES 64
#define X32_CALLS UINT64_C(0x40000000)

#define STOP_NS UINT64_C(1000000000)

struct follower {
    pid_t program;
    bool begun;
    bool ended;
    struct inputs inputs;
    struct followed *places; /* by hash of the tid */
    size_t place_count;      /* a power of two */
    size_t count;
    size_t children;         /* threads that are not the program's */
};

/* ---- threads ---- */

static size_t place_of(const struct followed *places, size_t count, pid_t tid)
{
    size_t place = (size_t)tid * 2654435761u & (count - 1);
    while (places[place].tid && places[place].tid != tid)
        place = (place + 1) & (count - 1);
    return place;
}

static bool grow(struct follower *follower)
{
    size_t count = follower->place_count ? 2 * follower->place_count : LEAST_PLACES;
    struct followed *places = calloc(count, sizeof(*places));
    if (!places)
        return false;
    for (size_t i = 0; i < follower->place_count; i++)
        if (follower->places[i].tid)
            places[place_of(places, count, follower->places[i].tid)] = follower->places[i];
    free(follower->places);
    follower->places = places;
    follower->place_count = count;
    return true;
}

static bool is_of_program(const struct follower *follower, pid_t tid)
{
    return tid == follower->program || tgkill(follower->program, tid, 0) == 0 || errno != ESRCH;
}

static struct followed *find(const struct follower *follower, pid_t tid)
{
    if (!follower->place_count)
        return NULL;
    struct followed *thread = &follower->places[place_of(follower->places, follower->place_count, tid)];
    return thread->tid ? thread : NULL;
}

/* Finds it, or adds it. NULL when memory ran out. */
static struct followed *follow(struct follower *follower, pid_t tid)
{
    struct followed *thread = find(follower, tid);
    if (thread)
        return thread;
    if (2 * (follower->count + 1) > follower->place_count && !grow(follower)) {
        follower->inputs.failed = true;
        return NULL;
    }
    thread = &follower->places[place_of(follower->places, follower->place_count, tid)];
    *thread = (struct followed){.tid = tid, .own = is_of_program(follower, tid)};
    follower->count++;
    follower->children += !thread->own;
    return thread;
}

/* Places behind it that it had pushed away come nearer. */
static void forget(struct follower *follower, pid_t tid)
{
    struct followed *thread = find(follower, tid);
    if (!thread)
        return;
    forget_call(thread);
    follower->count--;
    follower->children -= !thread->own;
    *thread = (struct followed){0};
    size_t mask = follower->place_count - 1;
    for (size_t next = ((size_t)(thread - follower->places) + 1) & mask; follower->places[next].tid; next = (next + 1) & mask) {
        struct followed moved = follower->places[next];
        follower->places[next] = (struct followed){0};
        follower->places[place_of(follower->places, follower->place_count, moved.tid)] = moved;
    }
}

struct follower *follower_new(pid_t program)
{
    struct follower *follower = calloc(1, sizeof(*follower));
    if (follower)
        follower->program = program;
    return follower;
}

void follower_free(struct follower *follower)
{
    if (!follower)
        return;
    for (size_t i = 0; i < follower->place_count; i++)
        forget_call(&follower->places[i]);
    free(follower->places);
    inputs_free(&follower->inputs);
    free(follower);
}

uintptr_t follower_options(const struct follower *follower)
{
    if (!follower || follower->ended)
        return PTRACE_O_TRACECLONE;
    return PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
}

struct inputs *follower_inputs(struct follower *follower)
{
    return &follower->inputs;
}

/* ---- letting go on ---- */

void follower_resume(struct follower *follower, pid_t tid, int signal)
{
    if (follower->begun && !follower->ended)
        trace_resume_to_syscall(tid, signal);
    else
        trace_resume(tid, signal);
}

/* Detached at a call, a thread would find that broken off, as by a signal. Returns whether it stands at one and goes on to a better place. */
static bool stop_again(pid_t tid, const struct stop *stop)
{
    if (stop->kind != STOP_SYSCALL && stop->kind != STOP_OTHER)
        return false;
    trace_interrupt(tid);
    trace_resume(tid, 0);
    return true;
}

static void let_child_go(struct follower *follower, pid_t tid, int signal)
{
    ptrace(PTRACE_DETACH, tid, 0L, (long)signal); /* the kernel keeps a stop of job control */
    forget(follower, tid);
}

/* ---- calls ---- */

/* A process has one tracer: a child that is to have another one has to be let go before it asks for that. Returns whether it is the
 * thread itself. */
static bool make_way_for_tracer(struct follower *follower, pid_t tid, const uint64_t *arguments)
{
    pid_t target = (pid_t)arguments[1];
    struct stop stop;
    if (arguments[0] != PTRACE_TRACEME && arguments[0] != PTRACE_ATTACH && arguments[0] != PTRACE_SEIZE)
        return false;
    inputs_give_up(&follower->inputs, "its process %d traces others or is traced (ptrace), which cannot be followed at the same time", tid);
    if (arguments[0] == PTRACE_TRACEME)
        return true;
    const struct followed *thread = find(follower, target);
    if (!thread || thread->own || trace_interrupt(target) < 0)
        return false;
    do
        if (wait_stop_until(target, now_ns(CLOCK_MONOTONIC) + STOP_NS, &stop) < 0 || stop.kind == STOP_GONE)
            return false;
    while (stop_again(target, &stop));
    let_child_go(follower, target, stop.kind == STOP_SIGNAL ? stop.signal : 0);
    return false;
}

static void on_entry(struct follower *follower, struct followed *thread, const struct __ptrace_syscall_info *info)
{
    pid_t tid = thread->tid;
    const uint64_t *arguments = (const uint64_t *)info->entry.args;
    bool own = thread->own, lets_go = false;
    forget_call(thread);
    thread->inside = true;
    if (info->arch != AUDIT_ARCH_X86_64 || (info->entry.nr & X32_CALLS))
        inputs_give_up(&follower->inputs, "its process %d has made calls of 32-bit programs, which are not understood", tid);
    else if (info->entry.nr == SYS_ptrace)
        lets_go = make_way_for_tracer(follower, tid, arguments);
    else
        lets_go = enter_call(&follower->inputs, thread, info->entry.nr, arguments) == LET_GO;
    if (lets_go && !own)
        let_child_go(follower, tid, 0);
    else
        follower_resume(follower, tid, 0);
}

/* Entry and exit take turns; a thread about which nothing is known, and one at the exit of a call about files, is asked where it stands. */
static void on_syscall(struct follower *follower, struct followed *thread)
{
    struct __ptrace_syscall_info info = {.op = PTRACE_SYSCALL_INFO_NONE};
    bool uninteresting = thread->inside && !thread->call;
    thread->inside = false;
    if (uninteresting) {
        follower_resume(follower, thread->tid, 0);
        return;
    }
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, sizeof(info), &info) < 0)
        info.op = PTRACE_SYSCALL_INFO_NONE; /* it was killed */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        on_entry(follower, thread, &info);
        return;
    }
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread->call)
        leave_call(&follower->inputs, thread, info.exit.rval);
    follower_resume(follower, thread->tid, 0);
}

/* ---- events ---- */

/* The engine that a call of the program to libundump has started is no part of what the program does, and must not be traced. */
static bool is_engine(const struct follower *follower, pid_t tid)
{
    AUTO_BUFFER struct buffer words = {0};
    bool for_program = false, has_record = false;
    if (read_proc(&words, "%d/cmdline", tid) < 0)
        return false;
    const char *text = (char *)words.data, *end = text + words.size;
    for (const char *word = text; word < end; word += strlen(word) + 1) {
        const char *next = word + strlen(word) + 1;
        if (strcmp(word, "--pid") == 0 && next < end && strtol(next, NULL, 10) == follower->program)
            for_program = true;
        has_record |= strcmp(word, "--record") == 0;
    }
    return for_program && has_record;
}

static void on_execution(struct follower *follower, pid_t tid)
{
    unsigned long former = 0;
    struct followed *thread = follow(follower, tid);
    if (ptrace(PTRACE_GETEVENTMSG, tid, 0, &former) == 0 && (pid_t)former != tid)
        forget(follower, (pid_t)former); /* it has got the number of the main thread */
    thread = find(follower, tid);
    if (thread && !thread->own && is_engine(follower, tid)) {
        forget_search(&follower->inputs, tid);
        let_child_go(follower, tid, 0);
        return;
    }
    if (!follower->begun && tid == follower->program) {
        follower->begun = true;
        note_inherited_files(&follower->inputs, tid);
    }
    if (thread) {
        forget_call(thread);
        thread->inside = true;
    }
    note_execution(&follower->inputs, tid);
    follower_resume(follower, tid, 0);
}

static void on_event(struct follower *follower, pid_t tid, int event)
{
    unsigned long born = 0;
    if (event == PTRACE_EVENT_EXEC) {
        on_execution(follower, tid);
        return;
    }
    if ((event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) &&
        ptrace(PTRACE_GETEVENTMSG, tid, 0, &born) == 0)
        follow(follower, (pid_t)born); /* it may be waiting for us, and has to be known to be served */
    follower_resume(follower, tid, 0);
}

/* ---- stops of children ---- */

static void on_child(struct follower *follower, pid_t tid, const struct stop *stop)
{
    int signal = stop->kind == STOP_SIGNAL ? stop->signal : 0;
    if (follower->ended && stop_again(tid, stop))
        return;
    if (stop->kind == STOP_SIGNAL || stop->kind == STOP_EVENT)
        mend_call(tid, signal);
    if (follower->ended)
        let_child_go(follower, tid, signal);
    else if (stop->kind == STOP_GROUP)
        ptrace(PTRACE_LISTEN, tid, 0L, 0L);
    else
        follower_resume(follower, tid, signal);
}

bool follower_takes(struct follower *follower, pid_t tid, const struct stop *stop)
{
    if (stop->kind == STOP_GONE) {
        const struct followed *gone = find(follower, tid);
        bool child = gone && !gone->own;
        forget(follower, tid);
        return child;
    }
    struct followed *thread = follow(follower, tid);
    if (!thread)
        return false;
    bool own = thread->own;
    if (follower->ended && !own) {
        on_child(follower, tid, stop);
        return true;
    }
    if (stop->kind == STOP_SYSCALL) {
        on_syscall(follower, thread);
        return true;
    }
    if (stop->kind == STOP_OTHER) {
        on_event(follower, tid, stop->status >> 16);
        return true;
    }
    forget_call(thread); /* these come between calls only */
    thread->inside = false;
    if (!own)
        on_child(follower, tid, stop);
    return !own;
}

bool follower_has_children(const struct follower *follower)
{
    return follower->children > 0;
}

/* Those of the program's threads are left for whoever waits for them. */
void follower_serve(struct follower *follower)
{
    AUTO_FREE pid_t *tids = malloc((follower->children + 1) * sizeof(*tids));
    size_t count = 0;
    for (size_t i = 0; tids && i < follower->place_count; i++)
        if (follower->places[i].tid && !follower->places[i].own)
            tids[count++] = follower->places[i].tid;
    for (size_t i = 0; i < count; i++) {
        int status;
        if (waitpid(tids[i], &status, WNOHANG | __WALL) != tids[i])
            continue;
        struct stop stop = decode_stop(status);
        follower_takes(follower, tids[i], &stop);
    }
}

void follower_end(struct follower *follower)
{
    follower->ended = true;
    for (size_t i = 0; i < follower->place_count; i++)
        if (follower->places[i].tid && !follower->places[i].own)
            trace_interrupt(follower->places[i].tid);
}

bool follower_has_ended(const struct follower *follower)
{
    return follower->ended;
}
