/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 32-bit program without any library: prints READY, reads a line, prints PASS. With an argument it
 * describes itself. System calls by int $0x80: number in eax, arguments in ebx, ecx, edx.
 */
#define SYS_exit 1
#define SYS_read 3
#define SYS_write 4

.macro print text, length
    movl $SYS_write, %eax
    movl $1, %ebx
    movl $\text, %ecx
    movl $\length, %edx
    int $0x80
.endm

    .text
    .globl _start
_start:
    cmpl $1, (%esp)
    jne describe
    print ready, 6
    movl $SYS_read, %eax
    movl $0, %ebx
    movl $line, %ecx
    movl $64, %edx
    int $0x80
    print passed, 5
end:
    movl $SYS_exit, %eax
    movl $0, %ebx
    int $0x80
describe:
    print description, description_end-description
    jmp end

    .section .rodata
ready: .ascii "READY\n"
passed: .ascii "PASS\n"
description: .ascii "a 32-bit program, which capture refuses and leaves unharmed\n"
description_end:
    .bss
    .lcomm line, 64
    .section .note.GNU-stack, "", @progbits
