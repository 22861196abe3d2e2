/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine reads out of code and registers: gadgets, system calls in flight. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "arch/x86_64/capture_gadget.c"
#undef _GNU_SOURCE
#include "arch/x86_64/capture_syscall.c"

#include "src/test/c/support/expect.h"

static void gadgets_return_without_side_effects(void)
{
    static const uint8_t plain[] = {0x90, 0x0f, 0x05, 0xc3};
    static const uint8_t popping[] = {0x0f, 0x05, 0x5d, 0x41, 0x5c, 0x48, 0x83, 0xc4, 0x18, 0xc3};
    static const uint8_t storing[] = {0x0f, 0x05, 0x89, 0x44, 0x24, 0x28, 0xc3}; /* mov %eax,0x28(%rsp) */
    static const uint8_t stack[] = {0x0f, 0x05, 0x5c, 0xc3};                     /* pop %rsp */
    static const uint8_t cut[] = {0x0f, 0x05};
    struct gadgets gadgets = {0};
    find_gadgets(plain, sizeof(plain), 0x1000, &gadgets);
    expect(gadgets.returning.address == 0x1001 && gadgets.returning.displacement == 0 && gadgets.bare == 0x1001, "plain");
    gadgets = (struct gadgets){0};
    find_gadgets(popping, sizeof(popping), 0x1000, &gadgets);
    expect(gadgets.returning.address == 0x1000 && gadgets.returning.displacement == 40, "pops and add");
    gadgets = (struct gadgets){0};
    find_gadgets(storing, sizeof(storing), 0x1000, &gadgets);
    expect(!gadgets.returning.address && gadgets.bare == 0x1000, "a store is a side effect");
    gadgets = (struct gadgets){0};
    find_gadgets(stack, sizeof(stack), 0x1000, &gadgets);
    expect(!gadgets.returning.address, "pop of the stack pointer");
    gadgets = (struct gadgets){0};
    find_gadgets(cut, sizeof(cut), 0x1000, &gadgets);
    expect(!gadgets.returning.address && gadgets.bare == 0x1000, "at the end of the code");
}

static void the_sigreturn_call_is_found(void)
{
    static const uint8_t by_rax[] = {0xc3, 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05};
    static const uint8_t by_eax[] = {0xc3, 0xb8, 15, 0, 0, 0, 0x0f, 0x05};
    static const uint8_t other[] = {0xc3, 0xb8, 16, 0, 0, 0, 0x0f, 0x05};
    struct gadgets gadgets = {0};
    find_gadgets(by_rax, sizeof(by_rax), 0x2000, &gadgets);
    expect(gadgets.restorer == 0x2001, "mov to rax");
    gadgets = (struct gadgets){0};
    find_gadgets(by_eax, sizeof(by_eax), 0x2000, &gadgets);
    expect(gadgets.restorer == 0x2001, "mov to eax");
    gadgets = (struct gadgets){0};
    find_gadgets(other, sizeof(other), 0x2000, &gadgets);
    expect(!gadgets.restorer && gadgets.bare, "another call");
}

static void provided_code_is_what_is_looked_for(void)
{
    uint8_t code[CODE_BYTES];
    struct gadgets provided, found = {0};
    provide_gadgets(code, 0x3000, &provided);
    find_gadgets(code, sizeof(code), 0x3000, &found);
    expect(memcmp(&provided, &found, sizeof(found)) == 0, "found where it was put");
}

static struct syscall_state decode(long number, long result, const char *channel, uint64_t rdi, bool explained)
{
    struct user_regs_struct registers = {.orig_rax = (uint64_t)number, .rax = (uint64_t)result, .rdi = rdi};
    struct syscall_state state;
    decode_syscall(&registers, channel, NULL, 0, explained, &state);
    return state;
}

static void calls_in_flight_are_told_from_finished_ones(void)
{
    struct syscall_state state = decode(SYS_read, -512, "", 0, false);
    expect(state.inside && state.number == SYS_read && state.result == -512, "ERESTARTSYS");
    expect(!decode(SYS_read, 5, "", 0, false).inside, "a finished call");
    expect(!decode(-1, -512, "", 0, false).inside, "no call at all, though the value looks like it");
    expect(decode(SYS_epoll_wait, -EINTR, "", 0, false).inside, "EINTR that the stop has made");
    expect(!decode(SYS_epoll_wait, -EINTR, "", 0, true).inside, "EINTR of a signal handler");
    expect(!decode(SYS_close, -EINTR, "", 0, false).inside, "EINTR of a call that must not be made twice");
    expect(!decode(SYS_read, -515, "", 0, false).inside, "ENOIOCTLCMD");
}

static void restarted_calls_are_recognized(void)
{
    static const uint8_t futex[] = {0xb8, 0xca, 0, 0, 0, 0x0f, 0x05};
    struct user_regs_struct registers = {.orig_rax = SYS_restart_syscall, .rax = (uint64_t)-516};
    struct syscall_state state;
    decode_syscall(&registers, "", futex, sizeof(futex), false, &state);
    expect(state.inside && state.number == SYS_futex, "by the code in front");
    expect(decode(SYS_restart_syscall, -516, "hrtimer_nanosleep", 1, false).number == SYS_clock_nanosleep, "clock id");
    expect(decode(SYS_restart_syscall, -516, "hrtimer_nanosleep", 0x7ffc00001000, false).number == SYS_nanosleep, "address");
    expect(decode(SYS_restart_syscall, -516, "futex_do_wait", 0, false).number == SYS_futex, "futex");
    expect(decode(SYS_restart_syscall, -516, "poll_schedule_timeout.constprop.0", 0, false).number == SYS_poll, "poll");
    expect(decode(SYS_restart_syscall, -516, "do_syscall_64", 1, false).number == SYS_clock_nanosleep, "caller, clock id");
    expect(decode(SYS_restart_syscall, -516, "do_syscall_64", 0x7ffc00001000, false).number == SYS_nanosleep, "caller, address");
    expect(decode(SYS_restart_syscall, -516, "do_cpu_nanosleep", 0xfffe6c0e, false).number == SYS_clock_nanosleep, "clock of a thread");
    expect(decode(SYS_restart_syscall, -516, "alarmtimer_do_nsleep", 8, false).number == SYS_clock_nanosleep, "alarm clock");
    expect(decode(SYS_restart_syscall, -516, "folio_wait_bit_common", 1, false).number == -1, "another wait");
    expect(decode(SYS_restart_syscall, -516, "0", 0, false).number == -1, "unknown");
}

static void winding_back_makes_the_call_again(void)
{
    struct user_regs_struct registers = {.orig_rax = SYS_epoll_wait, .rax = (uint64_t)-EINTR, .rip = 0x5002};
    expect(!kernel_restarts(&registers), "the kernel does not restart EINTR");
    wind_back(&registers);
    expect(registers.rip == 0x5000 && registers.rax == SYS_epoll_wait && registers.orig_rax == (uint64_t)-1, "wound back");
    registers = (struct user_regs_struct){.orig_rax = SYS_read, .rax = (uint64_t)-514};
    expect(kernel_restarts(&registers), "ERESTARTNOHAND");
}

static uint64_t shortened(long number, uint64_t timeout, uint64_t waited_ns)
{
    struct user_regs_struct registers = {.rax = (uint64_t)number, .r10 = timeout};
    shorten_wait(&registers, waited_ns);
    return registers.r10;
}

static void waits_go_on_with_what_is_left(void)
{
    expect(shortened(SYS_epoll_wait, 1000, 400999999) == 600, "milliseconds are rounded up");
    expect(shortened(SYS_epoll_pwait, 1000, 2000000000) == 0, "nothing is left");
    expect(shortened(SYS_epoll_wait, (uint32_t)-1, 2000000000) == (uint32_t)-1, "no timeout");
    expect(shortened(SYS_rt_sigtimedwait, 8, 2000000000) == 8, "a size is no timeout");
}

int main(void)
{
    gadgets_return_without_side_effects();
    the_sigreturn_call_is_found();
    provided_code_is_what_is_looked_for();
    calls_in_flight_are_told_from_finished_ones();
    restarted_calls_are_recognized();
    winding_back_makes_the_call_again();
    waits_go_on_with_what_is_left();
    return failures ? 1 : 0;
}
