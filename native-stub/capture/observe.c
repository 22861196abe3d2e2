/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "observe.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proc_files.h"

#define STAT_PROCESSOR 39 /* proc(5) */

static void read_own_clock(struct processor_clock *clock, struct buffer *text)
{
    if (read_proc(text, "self/sched") < 0)
        return;
    clock->exec_start = sched_nanoseconds((char *)text->data, "se.exec_start");
    clock->monotonic_ns = now_ns(CLOCK_MONOTONIC);
}

void observe_clocks(struct processor_clock *clocks, unsigned count, const struct thread *threads, size_t thread_count)
{
    cpu_set_t before;
    AUTO_BUFFER struct buffer text = {0};
    memset(clocks, 0, count * sizeof(*clocks));
    if (sched_getaffinity(0, sizeof(before), &before) < 0)
        return;
    for (size_t i = 0; i < thread_count; i++) {
        unsigned processor = threads[i].processor;
        cpu_set_t one;
        CPU_ZERO(&one);
        if (!threads[i].exec_start || processor >= count || processor >= CPU_SETSIZE || clocks[processor].monotonic_ns)
            continue;
        CPU_SET(processor, &one);
        if (CPU_ISSET(processor, &before) && sched_setaffinity(0, sizeof(one), &one) == 0)
            read_own_clock(&clocks[processor], &text);
    }
    sched_setaffinity(0, sizeof(before), &before);
}

void observe_thread(pid_t pid, struct thread *thread, struct buffer *text)
{
    pid_t tid = thread->tid;
    thread->wait_channel[0] = 0;
    thread->state = 0;
    thread->syscall = -1;
    thread->exec_start = 0;
    thread->call_stops = 0;
    if (read_proc(text, "%d/task/%d/stat", pid, tid) < 0)
        return;
    thread->state = stat_state((char *)text->data);
    thread->processor = (unsigned)stat_field((char *)text->data, STAT_PROCESSOR);
    if (thread->state != 'S' && thread->state != 'D')
        return;
    if (read_proc(text, "%d/task/%d/wchan", pid, tid) == 0 && text->size && strcmp((char *)text->data, "0") != 0)
        text_line((char *)text->data, thread->wait_channel, sizeof(thread->wait_channel));
    if (read_proc(text, "%d/task/%d/syscall", pid, tid) == 0 && text->data[0] >= '0' && text->data[0] <= '9') {
        char *at;
        thread->syscall = strtol((char *)text->data, &at, 10);
        for (int argument = 0; argument < 6; argument++)
            strtoull(at, &at, 16);
        thread->syscall_stack = strtoull(at, NULL, 16);
    }
    if (read_proc(text, "%d/task/%d/sched", pid, tid) == 0) {
        thread->exec_start = sched_nanoseconds((char *)text->data, "se.exec_start");
        thread->switches = sched_count((char *)text->data, "nr_voluntary_switches");
    }
}

uint64_t observed_wait(pid_t pid, const struct thread *thread, const struct processor_clock *clocks, unsigned count,
                       uint64_t stopped_ns, struct buffer *text)
{
    if (!thread->exec_start || thread->processor >= count || !clocks[thread->processor].exec_start)
        return 0;
    if (thread->syscall < 0 || (uint64_t)thread->syscall != thread->regs.orig_rax ||
        thread->syscall_stack != thread->regs.rsp)
        return 0;
    /* Woken by the stop and asleep in it: one voluntary switch, and one for each stop at the call before it. More means that it has run
     * and waits anew. */
    if (read_proc(text, "%d/task/%d/sched", pid, thread->tid) < 0 ||
        sched_count((char *)text->data, "nr_voluntary_switches") != thread->switches + 1 + thread->call_stops)
        return 0;
    const struct processor_clock *clock = &clocks[thread->processor];
    if (clock->exec_start <= thread->exec_start || stopped_ns < clock->monotonic_ns)
        return 0;
    return clock->exec_start - thread->exec_start + (stopped_ns - clock->monotonic_ns);
}
