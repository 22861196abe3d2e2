/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread stopped by ptrace inside a system call shows the kernel's pending result: -ERESTART* when the kernel
 * will make the call again by itself, or -EINTR for the few calls that are never restarted (signal(7)). The latter
 * must not reach the program, which has seen no signal: the call is made again.
 */
#define _GNU_SOURCE
#include "capture_arch.h"
#include "interrupted_calls.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516
#define SYSCALL_LENGTH 2 /* 0f 05 */

bool kernel_restarts(const struct user_regs_struct *registers)
{
    int64_t result = (int64_t)registers->rax;
    return (int64_t)registers->orig_rax >= 0 && (result == -ERESTARTSYS || result == -ERESTARTNOINTR ||
                                                 result == -ERESTARTNOHAND || result == -ERESTART_RESTARTBLOCK);
}

/* hrtimer_nanosleep_restart is one of the functions that wait channels leave out (__sched, kernel/time/hrtimer.c): they
 * name its caller. The other calls that are restarted like this wait in functions that are not. */
static bool names_entry(const char *wait_channel)
{
    static const char *const entries[] = {"do_syscall_64", "x64_sys_call", "sys_restart_syscall", "entry_SYSCALL_64"};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (strstr(wait_channel, entries[i]))
            return true;
    return false;
}

/* restart_syscall(2) stands for a call that was stopped once before. Which one, is known to the kernel alone; the code
 * in front, the wait channel and the arguments tell. */
static int64_t restarted_call(const struct user_regs_struct *registers, const char *wait_channel, const uint8_t *code,
                              size_t code_size)
{
    static const uint32_t candidates[] = {SYS_nanosleep, SYS_clock_nanosleep, SYS_futex, SYS_poll};
    if (code_size >= 7 && code[code_size - 7] == 0xb8) { /* mov $imm32,%eax; syscall */
        uint32_t number;
        memcpy(&number, code + code_size - 6, sizeof(number));
        for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
            if (number == candidates[i])
                return number;
    }
    if (strstr(wait_channel, "cpu_nanosleep") || strstr(wait_channel, "alarm"))
        return SYS_clock_nanosleep; /* clocks that nanosleep does not have, and whose numbers may be large */
    if (strstr(wait_channel, "nanosleep") || names_entry(wait_channel)) /* the first argument is a clock or an address */
        return registers->rdi < 4096 ? SYS_clock_nanosleep : SYS_nanosleep;
    if (strstr(wait_channel, "futex"))
        return SYS_futex;
    if (strstr(wait_channel, "poll"))
        return SYS_poll;
    return -1;
}

void decode_syscall(const struct user_regs_struct *registers, const char *wait_channel, const uint8_t *code,
                    size_t code_size, bool explained, struct syscall_state *ret)
{
    *ret = (struct syscall_state){.number = -1};
    int64_t result = (int64_t)registers->rax;
    if ((int64_t)registers->orig_rax < 0)
        return;
    bool broken_off = result == -EINTR && !explained && is_interrupted_call(registers->orig_rax);
    if (!kernel_restarts(registers) && !broken_off)
        return;
    ret->inside = true;
    ret->result = result;
    ret->number = registers->orig_rax == SYS_restart_syscall
                      ? restarted_call(registers, wait_channel, code, code_size)
                      : (int64_t)registers->orig_rax;
}

void wind_back(struct user_regs_struct *registers)
{
    registers->rip -= SYSCALL_LENGTH;
    registers->rax = registers->orig_rax;
    registers->orig_rax = (uint64_t)-1;
}

void shorten_wait(struct user_regs_struct *registers, uint64_t waited_ns)
{
    int32_t timeout_ms = (int32_t)registers->r10; /* fourth argument */
    uint64_t waited_ms = waited_ns / 1000000;
    if ((registers->rax != SYS_epoll_wait && registers->rax != SYS_epoll_pwait) || timeout_ms <= 0)
        return;
    registers->r10 = (uint64_t)timeout_ms > waited_ms ? (uint64_t)timeout_ms - waited_ms : 0;
}

bool kernel_renumbers(const struct user_regs_struct *registers)
{
    return (int64_t)registers->orig_rax >= 0 && registers->orig_rax != SYS_restart_syscall &&
           (int64_t)registers->rax == -ERESTART_RESTARTBLOCK;
}

void keep_number(struct user_regs_struct *registers)
{
    registers->rax = (uint64_t)-ERESTARTNOHAND;
}

void allow_renumbering(struct user_regs_struct *registers)
{
    registers->rax = (uint64_t)-ERESTART_RESTARTBLOCK;
}

/* Clocks that count the time of processors stand still with the program, and those of threads have large numbers. */
static bool goes_on_alone(uint64_t clock)
{
    return clock < 16 && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID;
}

struct wait_span find_wait_span(const struct user_regs_struct *registers)
{
    uint64_t futex_command = registers->rsi & (uint64_t)FUTEX_CMD_MASK;
    struct wait_span span = {0};
    switch (registers->orig_rax) {
    case SYS_nanosleep:
        span = (struct wait_span){.address = registers->rdi, .rest = registers->rsi};
        break;
    case SYS_clock_nanosleep:
        if (!(registers->rsi & TIMER_ABSTIME) && goes_on_alone(registers->rdi))
            span = (struct wait_span){.address = registers->rdx, .rest = registers->r10};
        break;
    case SYS_futex: /* all others that wait do so until a moment */
        if (futex_command == FUTEX_WAIT)
            span.address = registers->r10;
        break;
    case SYS_poll:
        span.ms = (int32_t)registers->rdx;
        break;
    }
    return span;
}

void set_wait_ms(struct user_regs_struct *registers, int32_t ms)
{
    registers->rdx = (uint64_t)ms;
}
