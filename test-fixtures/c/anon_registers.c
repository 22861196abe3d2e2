/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system call changes rax, rcx and r11, and nothing else: no other register, no vector, no flag, no byte of the red
 * zone; and it needs little of the stack it is made on.
 */
#include "areas.h"

enum { LITTLE_STACK = 1024, ADVICES = 3 };

static struct area *area;

struct registers {
    uint64_t general[12]; /* rbx rbp rdi rsi rdx r8 r9 r10 r12 r13 r14 r15 */
    unsigned char xmm[16][16];
    uint64_t flags, red_zone[16];
    long result;
};

static struct registers before, after;

/* Loads everything from FROM, makes the call, and stores everything into TO. */
void call_with(const struct registers *from, struct registers *to, long number);
__asm__(
    ".text\n\t.p2align 4\n\t.type call_site, @function\ncall_site:\n\t.cfi_startproc\n\t"
    "syscall\n\tjmp behind_call\n\t.cfi_endproc\n\t.size call_site, . - call_site\n\t.p2align 5\n\t"
    ".type call_with, @function\ncall_with:\n\t.cfi_startproc\n\t"
    "push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
    "sub $264, %rsp\n\tmov %rsi, 248(%rsp)\n\tmov %rdi, %rax\n\tmov %rdx, %rcx\n\t"
    ".set i, 0\n\t.rept 16\n\tmov 360+8*i(%rax), %r11\n\tmov %r11, -128+8*i(%rsp)\n\t.set i, i+1\n\t.endr\n\t"
    "movdqu 96(%rax), %xmm0\n\tmovdqu 112(%rax), %xmm1\n\tmovdqu 128(%rax), %xmm2\n\t"
    "movdqu 144(%rax), %xmm3\n\tmovdqu 160(%rax), %xmm4\n\tmovdqu 176(%rax), %xmm5\n\t"
    "movdqu 192(%rax), %xmm6\n\tmovdqu 208(%rax), %xmm7\n\tmovdqu 224(%rax), %xmm8\n\t"
    "movdqu 240(%rax), %xmm9\n\tmovdqu 256(%rax), %xmm10\n\tmovdqu 272(%rax), %xmm11\n\t"
    "movdqu 288(%rax), %xmm12\n\tmovdqu 304(%rax), %xmm13\n\tmovdqu 320(%rax), %xmm14\n\t"
    "movdqu 336(%rax), %xmm15\n\t"
    "mov 0(%rax), %rbx\n\tmov 8(%rax), %rbp\n\tmov 16(%rax), %rdi\n\tmov 24(%rax), %rsi\n\t"
    "mov 32(%rax), %rdx\n\tmov 40(%rax), %r8\n\tmov 48(%rax), %r9\n\tmov 56(%rax), %r10\n\t"
    "mov 64(%rax), %r12\n\tmov 72(%rax), %r13\n\tmov 80(%rax), %r14\n\tmov 88(%rax), %r15\n\t"
    "lea -136(%rsp), %rsp\n\tpush 352(%rax)\n\tpopf\n\tlea 136(%rsp), %rsp\n\t"
    "mov %rcx, %rax\n\t"
    "jmp call_site\nbehind_call:\n\t"
    "lea -136(%rsp), %rsp\n\tpushf\n\tpop %rcx\n\tlea 136(%rsp), %rsp\n\tcld\n\t"
    "mov 248(%rsp), %r11\n\tmov %rax, 488(%r11)\n\tmov %rcx, 352(%r11)\n\tmov %r11, %rax\n\t"
    "mov %rbx, 0(%rax)\n\tmov %rbp, 8(%rax)\n\tmov %rdi, 16(%rax)\n\tmov %rsi, 24(%rax)\n\t"
    "mov %rdx, 32(%rax)\n\tmov %r8, 40(%rax)\n\tmov %r9, 48(%rax)\n\tmov %r10, 56(%rax)\n\t"
    "mov %r12, 64(%rax)\n\tmov %r13, 72(%rax)\n\tmov %r14, 80(%rax)\n\tmov %r15, 88(%rax)\n\t"
    "movdqu %xmm0, 96(%rax)\n\tmovdqu %xmm1, 112(%rax)\n\tmovdqu %xmm2, 128(%rax)\n\t"
    "movdqu %xmm3, 144(%rax)\n\tmovdqu %xmm4, 160(%rax)\n\tmovdqu %xmm5, 176(%rax)\n\t"
    "movdqu %xmm6, 192(%rax)\n\tmovdqu %xmm7, 208(%rax)\n\tmovdqu %xmm8, 224(%rax)\n\t"
    "movdqu %xmm9, 240(%rax)\n\tmovdqu %xmm10, 256(%rax)\n\tmovdqu %xmm11, 272(%rax)\n\t"
    "movdqu %xmm12, 288(%rax)\n\tmovdqu %xmm13, 304(%rax)\n\tmovdqu %xmm14, 320(%rax)\n\t"
    "movdqu %xmm15, 336(%rax)\n\t"
    ".set i, 0\n\t.rept 16\n\tmov -128+8*i(%rsp), %r11\n\tmov %r11, 360+8*i(%rax)\n\t.set i, i+1\n\t.endr\n\t"
    "add $264, %rsp\n\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret\n\t"
    ".cfi_endproc\n\t.size call_with, . - call_with\n");

_Static_assert(offsetof(struct registers, xmm) == 96 && offsetof(struct registers, flags) == 352 &&
                   offsetof(struct registers, red_zone) == 360 && offsetof(struct registers, result) == 488,
               "the assembly above");

/* RDI, RSI and RDX are the call's first arguments; r10 the fourth. Flags: carry, parity, zero, sign, direction. */
static void call_and_compare(long number, const void *address, size_t size, long third, long fourth, uint64_t seed) {
    fill_pattern(&before, sizeof before, seed);
    before.general[2] = (uintptr_t)address;
    before.general[3] = size;
    before.general[4] = (uint64_t)third;
    before.general[7] = (uint64_t)fourth;
    before.flags = 0x202 | (seed % 2 ? 0x400 : 0) | (seed % 3 ? 0x8d5 : 0);
    call_with(&before, &after, number);
    CHECK(memcmp(before.general, after.general, sizeof before.general) == 0, "call %ld changed a general register", number);
    CHECK(memcmp(before.xmm, after.xmm, sizeof before.xmm) == 0, "call %ld changed a vector register", number);
    CHECK(memcmp(before.red_zone, after.red_zone, sizeof before.red_zone) == 0, "call %ld wrote into the red zone", number);
    CHECK_EQ(after.flags, before.flags);
}

static void discard(size_t first, size_t count, uint64_t seed) {
    call_and_compare(28 /* madvise */, area_page(area, first), count * PAGE, MADV_DONTNEED, 0, seed);
    CHECK_EQ(after.result, 0);
    area_expect(area, first, count, PAGE_ZERO);
}

/* madvise with a stack pointer that has SIZE bytes below it before the guard page, as on small coroutine stacks. */
static long discard_on_stack(unsigned char *top, void *address, size_t size) {
    long result;
    __asm__ volatile("mov %%rsp, %%r12\n\tmov %[top], %%rsp\n\tmov $28, %%eax\n\tsyscall\n\tmov %%r12, %%rsp"
                     : "=&a"(result)
                     : [top] "r"(top), "D"(address), "S"(size), "d"((long)MADV_DONTNEED)
                     : "rcx", "r11", "r12", "memory", "cc");
    return result;
}

static void suite(void) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        discard(seed * 8, 1, seed);
        area_check_part(area, seed * 8, 3);
    }
    discard(100, 150, 7);
    area_check(area);
    call_and_compare(28, area_page(area, 300) + 1, PAGE, MADV_DONTNEED, 0, 8);
    CHECK_EQ(after.result, -EINVAL);
    call_and_compare(28, area_page(area, 300), 60 * PAGE, MADV_FREE, 0, 9);
    CHECK_EQ(after.result, 0);
    area_expect(area, 300, 60, PAGE_SKIPPED);
    unsigned char *target = map_memory(64 * PAGE, PROT_NONE, 0);
    call_and_compare(25 /* mremap */, area_page(area, 400), 32 * PAGE, 32 * PAGE, 0, 10);
    CHECK_EQ(after.result, (intptr_t)area_page(area, 400));
    void *there = mremap(area_page(area, 400), 32 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "mremap: errno %d", errno);
    area_expect(area, 400, 32, PAGE_SKIPPED);
    call_and_compare(25, target, 64 * PAGE, 16 * PAGE, 0, 11);
    CHECK_EQ(after.result, (intptr_t)target);
    call_and_compare(39 /* getpid: a call that is none of memory */, NULL, 0, 0, 0, 12);
    CHECK_EQ(after.result, getpid());

    unsigned char *stack = map_memory(4 * PAGE, PROT_READ | PROT_WRITE, 0);
    MUST(mprotect(stack, PAGE, PROT_NONE));
    CHECK_EQ(discard_on_stack(stack + PAGE + LITTLE_STACK, area_page(area, 10), 3 * PAGE), 0);
    area_expect(area, 10, 3, PAGE_ZERO);
    CHECK_EQ(discard_on_stack(stack + PAGE + LITTLE_STACK, area_page(area, 440), 64 * PAGE), 0);
    area_expect(area, 440, 64, PAGE_ZERO);
    area_check(area);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "calls about memory change no register, flag, vector or red zone, and need little stack");
    area = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    in_place(suite);
    pass();
}
