/* SPDX-License-Identifier: Apache-2.0 */
#include "restore/start_offsets.h"

    .section .text.start, "ax", @progbits

/*
 * Entry of the image. The kernel leaves argc, argv, envp and auxv at rsp (psABI 3.4.1). The stub works on a stack of
 * its own from the first instruction on, because the launch's stack is moved away later.
 */
    .globl undump_start
    .type undump_start, @function
undump_start:
    mov %rsp, %rdi
    lea stub_stack_top(%rip), %rsp
    xor %ebp, %ebp
    call stub_main
    ud2
    .size undump_start, . - undump_start

/*
 * A system call that was cut into two: rbx is the address of the thread's image_resume_call, all other registers hold
 * the call. Behind it the program's registers come back and the program goes on behind its own syscall instruction.
 * No stack is used: it is the program's. rcx may carry the address, for a syscall leaves the return address there
 * anyway; rax and r11 are as the program expects them. A signal that interrupts the call finds the address of this
 * syscall instruction and lets it be made again, as usual. The traps are room for a jump: when the program is captured
 * again, this syscall is one of its own, and its number is not known.
 */
    .fill 8, 1, 0xcc
    .globl undump_resume_call
    .type undump_resume_call, @function
undump_resume_call:
    syscall
    mov STUB_CALL_RDI(%rbx), %rdi
    mov STUB_CALL_RSI(%rbx), %rsi
    mov STUB_CALL_RDX(%rbx), %rdx
    mov STUB_CALL_R10(%rbx), %r10
    mov STUB_CALL_R8(%rbx), %r8
    mov STUB_CALL_R9(%rbx), %r9
    mov STUB_CALL_RETURN_ADDRESS(%rbx), %rcx
    mov STUB_CALL_RBX(%rbx), %rbx
    jmp *%rcx
    .size undump_resume_call, . - undump_resume_call

/*
 * int64_t stub_clone(uint64_t flags, uint64_t stack, uint64_t child_tid, uint64_t tls, const void *argument)
 * Input rdi, rsi, rdx, rcx, r8. Output rax in the parent: the new thread's id or -errno. The new thread runs
 * stub_thread_main(argument) on its stack, whose top must be 16-byte aligned, and never comes back.
 * Clobbers what a call may clobber. clone takes child_tid in r10 and tls in r8 and leaves r9 to both sides.
 */
    .globl stub_clone
    .type stub_clone, @function
stub_clone:
    mov %r8, %r9
    mov %rdx, %r10
    mov %rcx, %r8
    xor %edx, %edx
    mov $STUB_NR_CLONE, %eax
    syscall
    test %rax, %rax
    jz 1f
    ret
1:
    xor %ebp, %ebp
    mov %r9, %rdi
    call stub_thread_main
    ud2
    .size stub_clone, . - stub_clone

/*
 * _Noreturn void stub_resume(struct image_signal_frame *frame)
 * Input rdi. All registers, vector registers included, signal mask and alternate stack come from the frame.
 */
    .globl stub_resume
    .type stub_resume, @function
stub_resume:
    lea STUB_SIGRETURN_RSP(%rdi), %rsp
    mov $STUB_NR_RT_SIGRETURN, %eax
    syscall
    ud2
    .size stub_resume, . - stub_resume

    .hidden undump_start
    .hidden undump_resume_call
    .hidden stub_clone
    .hidden stub_resume

    .section .bss.stack, "aw", @nobits
    .balign 16
    .skip STUB_STACK_BYTES
stub_stack_top:

    .section .note.GNU-stack, "", @progbits
