/* SPDX-License-Identifier: Apache-2.0 */
#include "restore/intercept_offsets.h"

    .text

/*
 * Entry of intercepted calls, reached by a jump: contract in image_format.h. r11 is the address behind the site's syscall
 * instruction, which lies in front of it; a call that passes is made there, with the stack as the program left it.
 *
 * The flags and the registers that C may clobber are pushed below the red zone, these in the order of struct
 * intercept_registers. intercept_enter() decides. What it does not let pass is done on another stack: the call may discard
 * the pages of this one, so all that is needed later waits on the other one and is put back by intercept_leave(). rbx, rbp
 * and r12 to r15 are kept by C, vector registers are used by nobody here (-mgeneral-regs-only).
 */
    .macro pop_registers
    pop %rax                /* the number or the result */
    pop %rdi
    pop %rsi
    pop %rdx
    pop %r10
    pop %r8
    pop %r9
    pop %r11
    pop %rcx                /* the program's rbp */
    popf
    lea 16 + INTERCEPT_RED_ZONE(%rbp), %rsp
    mov %rcx, %rbp
    .endm

    .globl undump_intercept
    .type undump_intercept, @function
undump_intercept:
    endbr64
    lea -INTERCEPT_RED_ZONE(%rsp), %rsp
    pushf
    cld
    cmp $INTERCEPT_NR_MADVISE, %eax
    je 1f
    cmp $INTERCEPT_NR_IOCTL, %eax
    je 2f
    cmp $INTERCEPT_NR_MREMAP, %eax
    je 1f
    cmp $INTERCEPT_NR_PRCTL, %eax
    je 3f
    cmp $INTERCEPT_NR_PROCESS_MADVISE, %eax
    je 1f
    cmp $INTERCEPT_NR_MBIND, %eax
    je 1f
    cmp $INTERCEPT_NR_PKEY_MPROTECT, %eax
    je 1f
    cmp $INTERCEPT_NR_SECCOMP, %eax
    je 1f
    cmp $INTERCEPT_NR_UNSHARE, %eax
    je 1f
    cmp $INTERCEPT_NR_SETNS, %eax
    je 1f
    cmp $INTERCEPT_NR_CHROOT, %eax
    je 1f
    cmp $INTERCEPT_NR_PIVOT_ROOT, %eax
    je 1f
    cmp $INTERCEPT_NR_MOUNT, %eax
    je 1f
    cmp $INTERCEPT_NR_UMOUNT2, %eax
    je 1f
    cmp $INTERCEPT_NR_MOVE_MOUNT, %eax
    je 1f
    cmp $INTERCEPT_NR_LANDLOCK_RESTRICT_SELF, %eax
    je 1f
    jmp 4f
2:  cmp $INTERCEPT_UFFDIO_REGISTER, %esi
    je 1f
    cmp $INTERCEPT_UFFDIO_MOVE, %esi
    je 1f
    cmp $INTERCEPT_TIOCGWINSZ, %esi
    je 1f
    jmp 4f
3:  cmp $INTERCEPT_PR_SET_VMA, %edi
    je 1f
    cmp $INTERCEPT_PR_SET_SECCOMP, %edi
    je 1f
    cmp $INTERCEPT_PR_SET_PTRACER, %edi
    je 1f

4:  popf                    /* passes, and nothing but flags was touched */
    lea INTERCEPT_RED_ZONE(%rsp), %rsp
    lea -INTERCEPT_SYSCALL_BYTES(%r11), %r11
    jmp *%r11

1:  push %rbp
    mov %rsp, %rbp
    and $-16, %rsp
    push 8(%rbp)            /* flags */
    push (%rbp)             /* the program's rbp */
    push %r11
    push %r9
    push %r8
    push %r10
    push %rdx
    push %rsi
    push %rdi
    push %rax
    mov %rsp, %rdi
    call intercept_enter
    cmp $INTERCEPT_DONE, %rax
    jb 6f                   /* INTERCEPT_PASS */
    je 5f
    mov %rax, %rsp          /* struct intercept_frame, on the other stack */
    mov %rax, %rdi
    call intercept_work
    mov %rsp, %rdi
    mov %rbp, %rsp
    and $-16, %rsp
    sub $INTERCEPT_REGISTERS_BYTES, %rsp
    mov %rsp, %rsi
    call intercept_leave
    cmp $INTERCEPT_DONE, %rax
    jb 6f

5:  pop_registers
    mov %r11, %rcx
    jmp *%rcx

6:  pop_registers
    lea -INTERCEPT_SYSCALL_BYTES(%r11), %r11
    jmp *%r11
    .size undump_intercept, . - undump_intercept
    .hidden undump_intercept

    .section .note.GNU-stack, "", @progbits
