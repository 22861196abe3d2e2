/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ending.h"

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <time.h>

#include "capture_arch.h"
#include "freeze.h"
#include "inject.h"
#include "tracing.h"

#define EXIT_NS UINT64_C(30000000000) /* a busy machine may let it wait; the status is promised */

static struct thread *any_held_thread(const struct capture *capture)
{
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].attached && capture->threads[i].held && capture->threads[i].ours)
            return &capture->threads[i];
    return NULL;
}

/* With all others standing still, one thread calls exit_group(0) instead of what it would do next. */
static void exit_at_once(struct capture *capture)
{
    const uint64_t arguments[6] = {0};
    const uint64_t all_signals = ALL_SIGNALS;
    const struct thread *thread = any_held_thread(capture);
    struct stop stop;
    uintptr_t suspended = thread && thread->filters_suspended ? PTRACE_O_SUSPEND_SECCOMP : 0;
    if (!thread || !capture->gadgets.bare)
        return;
    struct user_regs_struct registers = thread->regs;
    set_syscall(&registers, capture->gadgets.bare, registers.rsp, SYS_exit_group, arguments);
    if (ptrace(PTRACE_SETSIGMASK, thread->tid, sizeof(all_signals), &all_signals) < 0 ||
        trace_set_options(thread->tid, PTRACE_O_TRACEEXIT | suspended) < 0 ||
        ptrace(PTRACE_SETREGS, thread->tid, 0, &registers) < 0 || trace_resume(thread->tid, 0) < 0)
        return;
    wait_stop_until(thread->tid, now_ns(CLOCK_MONOTONIC) + EXIT_NS, &stop);
    trace_resume(thread->tid, 0); /* from that stop on the status is decided; SIGKILL does not end it */
}

void end_process(struct capture *capture)
{
    exit_at_once(capture);
    kill_process(capture);
}
