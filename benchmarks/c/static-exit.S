/* SPDX-License-Identifier: Apache-2.0 */
/*
 * static-exit: the least that fork, exec and wait can cost: a static program of two instructions.
 * The kernel starts a program with all general registers zero, so the exit status in rdi is already 0.
 */
    .globl _start
_start:
    movl $60, %eax /* SYS_exit */
    syscall
    .section .note.GNU-stack, "", @progbits
