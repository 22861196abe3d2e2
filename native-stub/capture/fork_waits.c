/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls in which the threads of the parent stood: the child's are in them as well.
 *
 * Most are simply made again. A sleep or wait of a relative time must not begin anew, and what the kernel knows of it
 * (struct restart_block) a fork does not copy. So the child's thread makes the call with the time that is left, and is stopped
 * in it at once: the kernel then answers ERESTART_RESTARTBLOCK and remembers the end of the wait, not the arguments, which are
 * set back to the program's. Nothing of ours has to stay in the child for it.
 *
 * Limits: epoll_pwait2, semtimedop, rt_sigtimedwait and io_getevents, whose times the kernel does not keep, start their whole
 * time again, as they do in a program that a checkpoint stopped; and so does a wait of which nobody knows when it began.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fork_steps.h"
#include "interrupted_calls.h"
#include "tracing.h"

#define ERESTART_RESTARTBLOCK 516
#define NS_PER_SECOND UINT64_C(1000000000)

/* The time limit of a call, in its argument. */
struct wait {
    unsigned long long *argument; /* a register of the thread's `resume` */
    bool in_milliseconds;         /* else the register points to a struct timespec */
    uint64_t left_ns;
};

static bool read_time(int mem, uint64_t address, uint64_t *ret_ns)
{
    struct timespec time;
    if (!address || pread(mem, &time, sizeof(time), (off_t)address) != sizeof(time) || time.tv_sec < 0 || time.tv_nsec < 0 ||
        time.tv_nsec >= (long)NS_PER_SECOND)
        return false;
    bool huge = (uint64_t)time.tv_sec >= INT64_MAX / NS_PER_SECOND;
    *ret_ns = huge ? INT64_MAX : (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
    return true;
}

static bool subtract_waited(const struct thread *thread, uint64_t asked, uint64_t *ret)
{
    *ret = asked > thread->waited_ns ? asked - thread->waited_ns : 0;
    return thread->waited_ns != 0;
}

/* The kernel has written what is left to where the program wants it; over the time itself when that is the same place, and
 * then the call can simply be made again. */
static bool sleep_left(int mem, const struct thread *thread, uint64_t asked_at, uint64_t left_at, uint64_t *ret)
{
    uint64_t asked;
    if (left_at)
        return left_at != asked_at && read_time(mem, left_at, ret);
    return read_time(mem, asked_at, &asked) && subtract_waited(thread, asked, ret);
}

/* The calls that are restarted by a restart block; others with times the kernel makes again with what is left, or whole. */
static bool find_wait(const struct capture *child, const struct thread *thread, struct user_regs_struct *registers,
                      struct wait *ret)
{
    const struct user_regs_struct *regs = &thread->regs;
    uint64_t asked;
    *ret = (struct wait){0};
    if (!thread->call.inside || thread->call.result != -ERESTART_RESTARTBLOCK)
        return false;
    switch (thread->call.number) {
    case SYS_poll:
        ret->argument = &registers->rdx;
        ret->in_milliseconds = true;
        return (int32_t)regs->rdx >= 0 && subtract_waited(thread, (uint64_t)(uint32_t)regs->rdx * 1000000, &ret->left_ns);
    case SYS_nanosleep:
        ret->argument = &registers->rdi;
        return sleep_left(child->mem, thread, regs->rdi, regs->rsi, &ret->left_ns);
    case SYS_clock_nanosleep:
        ret->argument = &registers->rdx;
        return !(regs->rsi & TIMER_ABSTIME) && sleep_left(child->mem, thread, regs->rdx, regs->r10, &ret->left_ns);
    case SYS_futex:
        ret->argument = &registers->r10;
        return ((uint32_t)regs->rsi & (uint32_t)FUTEX_CMD_MASK) == FUTEX_WAIT && read_time(child->mem, regs->r10, &asked) &&
               subtract_waited(thread, asked, &ret->left_ns);
    default:
        return false;
    }
}

/* The child has no signal that could explain the end of a call. */
static void prepare_resume(struct thread *thread)
{
    struct user_regs_struct *resume = &thread->resume;
    bool broken_off = (int64_t)resume->orig_rax >= 0 && (int64_t)resume->rax == -EINTR && is_interrupted_call(resume->orig_rax);
    if (!kernel_restarts(resume) && !broken_off)
        return;
    wind_back(resume);
    if (thread->call.inside && thread->call.number >= 0)
        resume->rax = (uint64_t)thread->call.number; /* what restart_syscall stands for */
    if (broken_off)
        shorten_wait(resume, thread->waited_ns);
}

void prepare_resumes(struct forking *forking)
{
    for (size_t i = 0; i < forking->child.thread_count; i++)
        prepare_resume(&forking->child.threads[i]);
}

/* From the entry of the call to the stop that an interruption inside of it leads to. */
static int run_until_interrupted(struct thread *thread)
{
    struct stop stop;
    int error = trace_run_to_syscall_stop(thread->tid, NULL);
    if (error == 0)
        error = trace_interrupt(thread->tid);
    if (error == 0)
        error = trace_resume(thread->tid, 0);
    if (error == 0)
        error = wait_stop(thread->tid, &stop);
    return error < 0 ? error : stop.kind == STOP_EVENT || stop.kind == STOP_GROUP ? 0 : -ECHILD;
}

/* Signals that reach the child meanwhile stay blocked. */
static int make_call(struct forking *forking, struct thread *thread, const struct wait *wait,
                     struct user_regs_struct *registers)
{
    const struct borrowed_place *place = &forking->child_injector.place;
    struct timespec left = {(time_t)(wait->left_ns / NS_PER_SECOND), (long)(wait->left_ns % NS_PER_SECOND)};
    if (!wait->in_milliseconds &&
        pwrite(forking->child.mem, &left, sizeof(left), (off_t)place->address) != (ssize_t)sizeof(left))
        return -EIO;
    *wait->argument = wait->in_milliseconds ? (wait->left_ns + 999999) / 1000000 : place->address;
    int error = trace_set_mask(thread->tid, ALL_SIGNALS);
    if (error == 0)
        error = trace_set_registers(thread->tid, registers);
    if (error == 0)
        error = run_until_interrupted(thread);
    if (error == 0)
        error = trace_get_registers(thread->tid, registers);
    if (!wait->in_milliseconds &&
        pwrite(forking->child.mem, place->bytes, sizeof(left), (off_t)place->address) != (ssize_t)sizeof(left))
        return -EIO;
    return error;
}

int begin_wait_again(struct forking *forking, struct thread *thread)
{
    struct user_regs_struct registers = thread->resume, resume = thread->resume;
    struct wait wait;
    if (!find_wait(&forking->child, thread, &registers, &wait))
        return 0;
    int error = make_call(forking, thread, &wait, &registers);
    if (error < 0)
        return error;
    int64_t result = (int64_t)registers.rax;
    if (result == -ERESTART_RESTARTBLOCK || (result != -EINTR && !kernel_restarts(&registers))) {
        resume.rip = registers.rip;
        resume.rax = registers.rax;
        resume.orig_rax = result == -ERESTART_RESTARTBLOCK ? registers.orig_rax : (uint64_t)-1;
    }
    error = trace_set_mask(thread->tid, thread->mask);
    return error < 0 ? error : trace_set_registers(thread->tid, &resume);
}
