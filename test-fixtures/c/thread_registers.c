/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <asm/prctl.h>
#include <sys/syscall.h>

/*
 * Fifteen general registers (all but rsp) and the direction flag hold known values while a thread
 * spins on a word in memory, or waits in read(2) on a pipe.
 */
enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, REGISTERS };

uint64_t registers_in[REGISTERS], registers_out[REGISTERS], registers_flags;
volatile uint32_t registers_go, registers_spinning;
void registers_spin(void);
void registers_syscall(void);

#define PUSH_SAVED "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
#define POP_SAVED "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
#define MOVE_IN(index, name) "mov registers_in+8*" #index "(%rip), %" #name "\n"
#define MOVE_OUT(index, name) "mov %" #name ", registers_out+8*" #index "(%rip)\n"
#define ALL(M)                                                                                     \
    M(0, rax) M(1, rbx) M(2, rcx) M(3, rdx) M(4, rsi) M(5, rdi) M(6, rbp) M(7, r8) M(8, r9)        \
    M(9, r10) M(10, r11) M(11, r12) M(12, r13) M(13, r14) M(14, r15)

__asm__(".text\n.globl registers_spin\n.type registers_spin, @function\nregisters_spin:\n"
        PUSH_SAVED
        "pushfq; orq $0x400, (%rsp); popfq\n" /* DF; the kernel keeps ID from no signal frame */
        ALL(MOVE_IN)
        "movl $1, registers_spinning(%rip)\n"
        "1: cmpl $0, registers_go(%rip); je 1b\n"
        ALL(MOVE_OUT)
        "pushfq; pop %rax; mov %rax, registers_flags(%rip)\n"
        "cld\n" POP_SAVED "ret\n.size registers_spin, .-registers_spin\n"
        ".globl registers_syscall\n.type registers_syscall, @function\nregisters_syscall:\n"
        PUSH_SAVED
        "pushfq; orq $0x400, (%rsp); popfq\n"
        ALL(MOVE_IN)
        "syscall\n"
        ALL(MOVE_OUT)
        "pushfq; pop %rax; mov %rax, registers_flags(%rip)\n"
        "cld\n" POP_SAVED "ret\n.size registers_syscall, .-registers_syscall\n");

static volatile pid_t reader;

static void *spin(void *unused) {
    uint64_t block[4] = {1, 2, 3, 4};
    MUST(syscall(SYS_arch_prctl, ARCH_SET_GS, block));
    registers_spin();
    uint64_t gs_word, gs_base;
    __asm__("mov %%gs:16, %0" : "=r"(gs_word));
    CHECK_EQ(gs_word, 3);
    MUST(syscall(SYS_arch_prctl, ARCH_GET_GS, &gs_base));
    CHECK_EQ(gs_base, (uintptr_t)block);
    return unused;
}

static void *wait_in_read(void *unused) {
    reader = current_tid();
    registers_syscall();
    return unused;
}

static void check_registers(bool in_syscall) {
    static const char *names[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
                                  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (int i = 0; i < REGISTERS; i++)
        if (!in_syscall || (i != RAX && i != RCX && i != R11))
            CHECK(registers_out[i] == registers_in[i], "%s: expected 0x%llx, found 0x%llx",
                  names[i], (unsigned long long)registers_in[i],
                  (unsigned long long)registers_out[i]);
    CHECK(registers_flags & 0x400, "flags are 0x%llx",
          (unsigned long long)registers_flags);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "general registers, flags and GS base, spinning or in a system call");
    for (int i = 0; i < REGISTERS; i++)
        registers_in[i] = pattern_word(5, (size_t)i);
    if (variant_is("spin")) {
        pthread_t thread = start_thread(spin, NULL);
        while (!registers_spinning)
            ;
        ready_and_wait();
        registers_go = 1;
        join_thread(thread);
        check_registers(false);
        pass();
    }
    char byte = 0;
    int ends[2];
    MUST(pipe(ends));
    registers_in[RAX] = SYS_read;
    registers_in[RDI] = (uint64_t)ends[0];
    registers_in[RSI] = (uintptr_t)&byte;
    registers_in[RDX] = 1;
    pthread_t thread = start_thread(wait_in_read, NULL);
    while (!reader)
        ;
    await_in_syscall(reader, SYS_read);

    ready_and_wait();

    CHECK_EQ(write(ends[1], "x", 1), 1);
    join_thread(thread);
    CHECK_EQ(registers_out[RAX], 1);
    CHECK_EQ(byte, 'x');
    check_registers(true);
    pass();
}
