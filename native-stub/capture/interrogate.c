/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "interrogate.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "inject.h"
#include "posix_timers.h"
#include "proc_files.h"
#include "rights.h"
#include "segments.h"
#include "semaphores.h"
#include "shared.h"

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif
#define MEMBARRIER_GET_REGISTRATIONS (1 << 9) /* since 6.3 */
#define SIGNALS 64
#ifndef ARCH_GET_XCOMP_PERM
#define ARCH_GET_XCOMP_PERM 0x1022 /* asm/prctl.h, since 5.16 */
#endif
#define FEATURE_TILE_DATA (UINT64_C(1) << 18)
#define MINCORE_BYTES 262144 /* one for each page: 1 GiB per call */

struct kernel_action { /* struct sigaction as rt_sigaction(2) gives it on x86-64 */
    uint64_t handler, flags, restorer, mask;
};

/* Makes a call and leaves a result of 0 when the program's kernel does not know it. */
static int ask(struct injector *injector, uint64_t *ret_value, long number, uint64_t a, uint64_t b, uint64_t c,
               uint64_t d)
{
    uint64_t arguments[6] = {a, b, c, d};
    int64_t result;
    int error = inject_call(injector, &result, number, arguments);
    if (error == 0 && ret_value)
        *ret_value = result < 0 ? 0 : (uint64_t)result;
    return error;
}

/* The same for calls that write size bytes at the address they are given as argument number place. */
static int ask_memory(struct injector *injector, void *ret_bytes, size_t size, long number, uint64_t a, uint64_t b)
{
    uint64_t arguments[6] = {a, b};
    int64_t result;
    int error = inject_call(injector, &result, number, arguments);
    if (error == 0 && result >= 0)
        error = inject_read(injector, 0, ret_bytes, size);
    return error;
}

/* Without a question, which takes longer; for those with CAP_SYS_NICE. */
static bool read_timer_slack(struct thread *thread)
{
    AUTO_BUFFER struct buffer text = {0};
    if (read_proc(&text, "%d/timerslack_ns", thread->tid) < 0 || !text.size)
        return false;
    thread->record.timer_slack_ns = strtoull((char *)text.data, NULL, 10);
    return true;
}

int ask_forked_thread(struct injector *injector, struct thread *thread)
{
    struct ckpt_thread *record = &thread->record;
    uint64_t at = injector->arguments;
    stack_t stack = {.ss_flags = SS_DISABLE};
    int error = ask_memory(injector, &stack, sizeof(stack), SYS_sigaltstack, 0, at);
    if (error == 0)
        error = ask_memory(injector, &record->clear_child_tid, sizeof(uint64_t), SYS_prctl, PR_GET_TID_ADDRESS, at);
    if (error == 0 && !read_timer_slack(thread))
        error = ask(injector, &record->timer_slack_ns, SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0);
    record->altstack_address = (uintptr_t)stack.ss_sp;
    record->altstack_size = stack.ss_size;
    record->altstack_flags = (uint32_t)stack.ss_flags;
    return error;
}

static int ask_thread(struct injector *injector, struct thread *thread)
{
    uint32_t death_signal = 0;
    int error = ask_forked_thread(injector, thread);
    if (error == 0)
        error = ask_memory(injector, &death_signal, sizeof(death_signal), SYS_prctl, PR_GET_PDEATHSIG, injector->arguments);
    thread->record.parent_death_signal = death_signal;
    return error;
}

static int ask_actions(struct injector *injector, struct capture *capture)
{
    for (uint32_t signal = 1; signal <= SIGNALS; signal++) {
        struct kernel_action action = {0};
        uint64_t arguments[6] = {signal, 0, injector->arguments, sizeof(uint64_t)};
        int64_t result;
        int error = inject_call(injector, &result, SYS_rt_sigaction, arguments);
        if (error == 0)
            error = inject_read(injector, 0, &action, sizeof(action));
        if (error < 0)
            return error;
        if (!action.handler && !action.flags && !action.mask)
            continue;
        struct ckpt_signal_action *record = buffer_extend(&capture->actions, sizeof(*record));
        if (record)
            *record = (struct ckpt_signal_action){.signal = signal, .handler = action.handler, .flags = action.flags,
                                                  .restorer = action.restorer, .mask = action.mask};
    }
    return 0;
}

static int ask_timers(struct injector *injector, struct ckpt_process *process)
{
    for (uint64_t which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        struct itimerval timer = {0};
        int error = ask_memory(injector, &timer, sizeof(timer), SYS_getitimer, which, injector->arguments);
        if (error < 0)
            return error;
        process->itimers[which].interval_us =
            (uint64_t)timer.it_interval.tv_sec * 1000000 + (uint64_t)timer.it_interval.tv_usec;
        process->itimers[which].value_us = (uint64_t)timer.it_value.tv_sec * 1000000 + (uint64_t)timer.it_value.tv_usec;
    }
    return 0;
}

/* Tile registers are given on request (arch_prctl, Documentation/arch/x86/xstate.rst), and a launch does not ask yet. */
int check_tiles(struct injector *injector, struct capture *capture)
{
    uint64_t permitted = 0;
    int error = ask_memory(injector, &permitted, sizeof(permitted), SYS_arch_prctl, ARCH_GET_XCOMP_PERM,
                           injector->arguments);
    if (error == 0 && permitted & FEATURE_TILE_DATA)
        error = refuse(capture->report, -ENOTSUP,
                       "capturing process %d: it has asked for AMX tile registers, which cannot be captured; run it "
                       "without (for oneDNN: ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16)", capture->pid);
    return error;
}

/* A program in a time namespace of its own has other clocks. Its answer comes after ours, so that the time that it has seen is
 * never later than what is written down. */
static int ask_clocks(struct injector *injector, struct ckpt_process *process)
{
    struct {
        clockid_t clock;
        uint64_t *ours;
    } clocks[] = {{CLOCK_MONOTONIC, &process->monotonic_ns}, {CLOCK_BOOTTIME, &process->boottime_ns}};
    int error = 0;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]) && error == 0; i++) {
        struct timespec theirs = {0};
        uint64_t before = now_ns(clocks[i].clock);
        error = ask_memory(injector, &theirs, sizeof(theirs), SYS_clock_gettime, (uint64_t)clocks[i].clock, injector->arguments);
        if (error == 0 && theirs.tv_sec)
            *clocks[i].ours += (uint64_t)theirs.tv_sec * 1000000000 + (uint64_t)theirs.tv_nsec - before;
    }
    return error;
}

static int ask_process(struct injector *injector, struct capture *capture)
{
    struct ckpt_process *process = &capture->process;
    uint64_t dumpable = 0, no_huge_pages = 0, membarrier = 0;
    int error = ask_actions(injector, capture);
    if (error == 0)
        error = ask_timers(injector, process);
    if (error == 0)
        error = ask_memory(injector, &process->child_subreaper, sizeof(uint32_t), SYS_prctl, PR_GET_CHILD_SUBREAPER,
                           injector->arguments);
    if (error == 0)
        error = ask(injector, &dumpable, SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0);
    if (error == 0)
        error = ask(injector, &no_huge_pages, SYS_prctl, PR_GET_THP_DISABLE, 0, 0, 0);
    if (error == 0)
        error = ask(injector, &membarrier, SYS_membarrier, MEMBARRIER_GET_REGISTRATIONS, 0, 0, 0);
    if (error == 0)
        error = ask(injector, &process->brk, SYS_brk, 0, 0, 0, 0);
    if (error == 0)
        error = check_tiles(injector, capture);
    if (error == 0 && !in_our_time_namespace(capture))
        error = ask_clocks(injector, process);
    process->dumpable = (uint32_t)dumpable;
    process->thp_disable = (uint32_t)no_huge_pages;
    process->membarrier = (uint32_t)membarrier;
    return error;
}

static int ask_all(struct injector *injector, struct capture *capture)
{
    for (size_t i = 0; i < capture->thread_count; i++) {
        int error = inject_begin(injector, &capture->threads[i]);
        if (error < 0)
            return error;
        error = ask_thread(injector, &capture->threads[i]);
        if (error == 0)
            error = ask_rights(injector, &capture->threads[i], i == 0);
        if (error == 0 && i == 0)
            error = ask_process(injector, capture);
        if (error == 0 && i == 0)
            error = list_shared_by_asking(injector, capture);
        if (error == 0 && i == 0)
            error = ask_posix_timers(injector, capture);
        if (error == 0 && i == 0)
            error = ask_segments(injector, capture);
        if (error == 0)
            error = ask_semaphores(injector, capture);
        int end = inject_end(injector);
        error = error < 0 ? error : end;
        if (error < 0)
            return error;
        if (capture_given_up(capture))
            return -ECANCELED;
    }
    return 0;
}

int interrogate(struct capture *capture)
{
    struct injector injector;
    int error = injector_open(&injector, capture, needs_shared_questions(capture) ? MINCORE_BYTES : LEAST_ARGUMENTS);
    if (error == 0)
        error = ask_all(&injector, capture);
    if (error == 0)
        error = find_timed_threads(&injector, capture);
    injector_close(&injector);
    return error;
}
