/* SPDX-License-Identifier: Apache-2.0 */
/* A process that shares this one's memory and nothing else; this one waits until it has ended (CLONE_VFORK). */
#ifndef UNDUMP_STUB_SPAWN_H
#define UNDUMP_STUB_SPAWN_H

#include "restore/abi.h"
#include "restore/syscall.h"

/*
 * Input rdi flags, rsi top of the new process's stack, 16-byte aligned, rdx, r10, r8 zero. Output rax its id or -errno.
 * The new process runs main(argument) and must not come back. Clobbered: rcx, r11 and memory.
 */
static inline int64_t spawn_and_wait(uint64_t stack_top, void (*main)(void *), void *argument)
{
    register uint64_t r10 __asm__("r10") = 0;
    register uint64_t r8 __asm__("r8") = 0;
    int64_t result;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[main], %%rax\n\t" /* either may be in rbp */
                     "mov %[argument], %%rdi\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "call *%%rax\n\t"
                     "ud2\n"
                     "1:"
                     : "=a"(result)
                     : "a"(INT64_C(56)), "D"(UINT64_C(0) + ABI_CLONE_VM + ABI_CLONE_VFORK), "S"(stack_top), "d"(UINT64_C(0)),
                       "r"(r10), "r"(r8), [main] "r"(main), [argument] "r"(argument)
                     : "rcx", "r11", "memory");
    return result;
}

#endif
