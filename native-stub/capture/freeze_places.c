/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places where a thread must not be captured.
 *
 * A thread inside the vdso is let run for moments until it is out: a launching kernel may have another vdso.
 * Single-stepping would be shorter, but the kernel does not take the trap flag back from a thread whose tracer
 * dies, and the program would die of SIGTRAP. The same is done for a thread that runs with its own id in a register:
 * it may be about to write it into a lock (pthread_mutex_lock), where the launch's ids could not replace it any more.
 * And for one that is about to go on with a call that an earlier stop broke off: which one that is, shows only when it
 * sleeps in restart_syscall(2). The thread that asked by kill(2) stands still: a launch begins behind that call, and the id in
 * its registers is the call's argument.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "freeze.h"
#include "freeze_steps.h"
#include "observe.h"
#include "proc_files.h"
#include "tracing.h"

#define VDSO_ATTEMPTS 4000
#define ID_ATTEMPTS 32
#define RESTART_ATTEMPTS 8
#define RESTART_SLEEP_NS UINT64_C(500000000) /* a loaded machine lets it wait for its turn */

static bool in_vdso(const struct capture *capture, const struct thread *thread)
{
    return thread->regs.rip >= capture->vdso_start && thread->regs.rip < capture->vdso_end;
}

static bool has_own_id_at_hand(const struct capture *capture, const struct thread *thread)
{
    const struct user_regs_struct *regs = &thread->regs;
    const uint64_t general[] = {regs->rax, regs->rbx, regs->rcx, regs->rdx, regs->rsi, regs->rdi, regs->rbp, regs->r8,
                                regs->r9, regs->r10, regs->r11, regs->r12, regs->r13, regs->r14, regs->r15};
    AUTO_BUFFER struct buffer status = {0};
    if (thread->call.inside || read_proc(&status, "%d/task/%d/status", capture->pid, thread->tid) < 0)
        return false;
    uint64_t own_id = text_last_number((char *)status.data, "NSpid:", (uint64_t)thread->tid);
    for (size_t i = 0; i < sizeof(general) / sizeof(general[0]); i++)
        if (general[i] == own_id)
            return true;
    return false;
}

/* restart_syscall(2) ends with EINTR in a process other than the one that was stopped: what it stands for must be known. */
static bool restarts_unknown_call(const struct capture *capture, const struct thread *thread)
{
    static const uint8_t instruction[] = {0x0f, 0x05};
    uint8_t code[sizeof(instruction)];
    if (thread->call.inside)
        return thread->call.number < 0;
    return thread->regs.rax == SYS_restart_syscall &&
           pread(capture->mem, code, sizeof(code), (off_t)thread->regs.rip) == sizeof(code) &&
           memcmp(code, instruction, sizeof(code)) == 0;
}

/* A program may keep its thread's id in a register for good; that is given up on after a while. */
static bool must_run_on(const struct capture *capture, struct thread *thread)
{
    if (in_vdso(capture, thread) || restarts_unknown_call(capture, thread))
        return true;
    return thread->tid != capture->request->asker && thread->id_attempts < ID_ATTEMPTS && has_own_id_at_hand(capture, thread) && ++thread->id_attempts;
}

static int refuse_place(struct capture *capture, const struct thread *thread)
{
    if (in_vdso(capture, thread))
        return refuse(capture->report, -EBUSY, "capturing process %d: thread %d does not leave the vdso; try again",
                      capture->pid, thread->tid);
    return refuse(capture->report, -EBUSY,
                  "capturing process %d: thread %d goes on with a system call that was interrupted before, and the "
                  "kernel does not tell which one (waiting in %s); try again when that wait is over",
                  capture->pid, thread->tid, thread->wait_channel[0] ? thread->wait_channel : "the kernel");
}

/* Lets a thread run for a moment, or until it sleeps in what it restarts. */
static void await_better_place(struct capture *capture, struct thread *thread, bool restarts, long attempt)
{
    AUTO_BUFFER struct buffer text = {0};
    uint64_t deadline = now_ns(CLOCK_MONOTONIC) + (restarts ? RESTART_SLEEP_NS : 0);
    struct timespec moment = {0, 1000 * (attempt % 61)};
    do {
        nanosleep(&moment, NULL);
        if (restarts)
            observe_thread(capture->pid, thread, &text);
        moment.tv_nsec = 100000;
    } while (restarts && !thread->wait_channel[0] && now_ns(CLOCK_MONOTONIC) < deadline && !capture_given_up(capture));
    thread->exec_start = 0; /* what it waits in began after the look at all threads */
}

int leave_bad_places(struct capture *capture)
{
    int moved = 0;
    for (size_t i = 0; i < capture->thread_count; i++) {
        for (long attempt = 0; must_run_on(capture, &capture->threads[i]); attempt++) {
            struct thread *thread = &capture->threads[i];
            bool restarts = restarts_unknown_call(capture, thread);
            if (attempt == VDSO_ATTEMPTS || (restarts && thread->restart_attempts++ == RESTART_ATTEMPTS))
                return refuse_place(capture, thread);
            moved = 1;
            thread->held = false;
            resume_thread(capture, thread->tid, 0);
            await_better_place(capture, thread, restarts, attempt);
            trace_interrupt(thread->tid);
            int held = hold_thread(capture, thread);
            if (held < 0)
                return held;
            if (held == 0) {
                remove_thread(capture, thread);
                i--;
                break;
            }
        }
    }
    return moved;
}
