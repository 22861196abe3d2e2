/* SPDX-License-Identifier: Apache-2.0 */
/* What a stopped thread is in the middle of: a call that the stop broke off has to be made again. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "filtered_waits.h"
#include "freeze.h"
#include "freeze_steps.h"
#include "proc_files.h"
#include "tracing.h"

/* A handler that will run as soon as the thread goes on explains why its call ended with EINTR. */
static bool has_handled_signal(pid_t pid, pid_t tid, int delivered)
{
    AUTO_BUFFER struct buffer status = {0};
    if (read_proc(&status, "%d/task/%d/status", pid, tid) < 0)
        return false;
    const char *text = (char *)status.data;
    uint64_t caught = text_number(text, "SigCgt:", 16, 0);
    uint64_t pending = text_number(text, "SigPnd:", 16, 0) | text_number(text, "ShdPnd:", 16, 0);
    pending &= ~text_number(text, "SigBlk:", 16, 0);
    if (delivered)
        pending |= UINT64_C(1) << (delivered - 1);
    return pending & caught;
}

/* Finds out what a stopped thread is in the middle of, and what it has to go on with. */
static void decode_call(pid_t pid, pid_t tid, int mem, const char *wait_channel, int delivered,
                        const struct user_regs_struct *registers, struct syscall_state *ret,
                        struct user_regs_struct *ret_resume)
{
    uint8_t code[7];
    size_t size = 0;
    bool inside = (int64_t)registers->orig_rax >= 0;
    if (inside && mem >= 0 && pread(mem, code, sizeof(code), (off_t)(registers->rip - sizeof(code))) == sizeof(code))
        size = sizeof(code);
    bool explained = inside && (int64_t)registers->rax == -EINTR && has_handled_signal(pid, tid, delivered);
    decode_syscall(registers, wait_channel, code, size, explained, ret);
    *ret_resume = *registers;
    if (ret->inside && !kernel_restarts(registers))
        wind_back(ret_resume);
}

void mend_call(pid_t tid, int delivered)
{
    struct user_regs_struct registers, resume;
    struct syscall_state call;
    if (trace_get_registers(tid, &registers) < 0)
        return;
    decode_call(tid, tid, -1, "", delivered, &registers, &call, &resume);
    bool keeps_number = has_filtered_wait(tid, tid, &registers);
    if (keeps_number)
        keep_number(&resume);
    if (keeps_number || resume.rip != registers.rip)
        trace_set_registers(tid, &resume);
}

int read_stopped_thread(struct capture *capture, struct thread *thread)
{
    int error = trace_get_registers(thread->tid, &thread->regs);
    if (error == 0)
        error = trace_get_mask(thread->tid, &thread->mask);
    if (error < 0)
        return error;
    /* Where it waited in another call says nothing about the one that it restarts. */
    const char *channel = thread->syscall == SYS_restart_syscall ? thread->wait_channel : "";
    decode_call(capture->pid, thread->tid, capture->mem, channel, 0, &thread->regs, &thread->call, &thread->resume);
    thread->keeps_number = has_filtered_wait(capture->pid, thread->tid, &thread->regs);
    if (thread->keeps_number) {
        thread->stopped_ns = now_ns(CLOCK_MONOTONIC);
        keep_number(&thread->resume);
    } else if (thread->resume.rip == thread->regs.rip) {
        return 0;
    }
    return trace_set_registers(thread->tid, &thread->resume);
}
