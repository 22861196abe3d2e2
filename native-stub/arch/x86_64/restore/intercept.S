/* SPDX-License-Identifier: Apache-2.0 */
    .text

/*
 * Entry of intercepted calls; contract in image_format.h. Every call passes: the moved syscall instruction makes it.
 */
    .globl undump_intercept
    .type undump_intercept, @function
undump_intercept:
    endbr64
    sub $2, %r11
    jmp *%r11
    .size undump_intercept, . - undump_intercept
    .hidden undump_intercept

    .section .note.GNU-stack, "", @progbits
