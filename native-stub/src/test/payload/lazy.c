// SPDX-License-Identifier: Apache-2.0
/* What stub_lazy_launch.c plans: lazy memory, and calls that reach the stub's handler as a rewritten site would. */
#include "checks.h"

#include "image_format.h"

#define PAGE UINT64_C(4096)
#define LAZY PAYLOAD_PLACE(1)
#define LAZY_PAGES UINT64_C(64)
#define NR_VFORK 58
#define NR_FORK 57
#define NR_CLONE 56
#define DONTNEED 4
#define STACK_BYTES 4096

struct site { /* offsets are those of the code below */
    uint64_t ax, di, si, dx, r10, r8, r9; /* in and out */
    uint64_t entry;
    uint64_t cx, bx, bp, r12, r13, r14, sp; /* out */
    uint64_t xmm5, red_zone, carry, expected_sp;
};

void payload_site(struct site *site);

/* An island as undump writes it; around it every register and the red zone have contents that must stay. A child of vfork
 * or clone writes all over its stack and ends. */
__asm__(".pushsection .text, \"ax\", @progbits\n"
        "payload_site:\n"
        "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
        "  mov %rdi, %r15\n"
        "  mov $0x1111, %ebx\n  mov $0x2222, %ebp\n  mov $0x3333, %r12d\n  mov $0x4444, %r13d\n  mov $0x5555, %r14d\n"
        "  movq %rbx, %xmm5\n"
        "  mov $-16, %rcx\n"
        "1: mov %rcx, (%rsp,%rcx,8)\n  inc %rcx\n  jnz 1b\n"
        "  mov %rsp, 144(%r15)\n"
        "  mov 0(%r15), %rax\n  mov 8(%r15), %rdi\n  mov 16(%r15), %rsi\n  mov 24(%r15), %rdx\n"
        "  mov 32(%r15), %r10\n  mov 40(%r15), %r8\n  mov 48(%r15), %r9\n"
        "  stc\n"
        "  lea 2f(%rip), %r11\n"
        "  jmp *56(%r15)\n"
        "  syscall\n"
        "2: setc 136(%r15)\n"
        "  test %rax, %rax\n  jnz 3f\n"
        "  cmpq $59, (%r15)\n  jae 3f\n" /* clone, fork, vfork */
        "  cmpq $56, (%r15)\n  jb 3f\n"
        "  mov $64, %ecx\n"
        "4: push $-1\n  dec %ecx\n  jnz 4b\n"
        "  mov $60, %eax\n  xor %edi, %edi\n  syscall\n"
        "3: mov %rax, 0(%r15)\n  mov %rdi, 8(%r15)\n  mov %rsi, 16(%r15)\n  mov %rdx, 24(%r15)\n"
        "  mov %r10, 32(%r15)\n  mov %r8, 40(%r15)\n  mov %r9, 48(%r15)\n"
        "  mov %rcx, 64(%r15)\n  mov %rbx, 72(%r15)\n  mov %rbp, 80(%r15)\n  mov %r12, 88(%r15)\n"
        "  mov %r13, 96(%r15)\n  mov %r14, 104(%r15)\n  mov %rsp, 112(%r15)\n"
        "  movq %xmm5, %rax\n  mov %rax, 120(%r15)\n"
        "  mov $-16, %rcx\n"
        "5: cmp %rcx, (%rsp,%rcx,8)\n  jne 6f\n  inc %rcx\n  jnz 5b\n"
        "6: mov %rcx, 128(%r15)\n"
        "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
        "  ret\n"
        ".popsection\n");

static int64_t call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    struct site site = {.ax = number, .di = a, .si = b, .dx = c, .r10 = d, .r8 = e, .r9 = 0x99, .entry = shared->intercept};
    bool shares_stack = number == NR_VFORK;

    payload_site(&site);
    check(site.di == a && site.si == b && site.dx == c && site.r10 == d && site.r8 == e && site.r9 == 0x99, 150);
    check(site.bx == 0x1111 && site.bp == 0x2222 && site.r12 == 0x3333 && site.r13 == 0x4444 && site.r14 == 0x5555, 151);
    check(site.sp == site.expected_sp && site.xmm5 == 0x1111 && (site.carry & 1) == 1, 152);
    check(site.red_zone == 0 || shares_stack, 153);
    check(site.cx > PAYLOAD_CODE && site.cx < PAYLOAD_CODE + 65536, 154);
    return (int64_t)site.ax;
}

static volatile uint64_t *word(uint64_t page)
{
    return (volatile uint64_t *)(LAZY + page * PAGE);
}

static bool are_zeros(uint64_t first, uint64_t behind)
{
    for (uint64_t page = first; page < behind; page++) {
        for (uint64_t i = 0; i < PAGE / 8; i++) {
            if (word(page)[i] != 0)
                return false;
        }
    }
    return true;
}

static void check_contents(uint64_t first, uint64_t behind, int number)
{
    for (uint64_t page = first; page < behind; page++)
        check(word(page)[0] == page + 1 && word(page)[511] == page + 1, number);
}

static void check_record(void)
{
    const struct image_resident *resident = (const struct image_resident *)(PAYLOAD_SLOT + IMAGE_RESIDENT);

    check(resident->magic == IMAGE_RESIDENT_MAGIC_U64 && resident->active == shared->lazy_active, 155);
    check(resident->range_count == 1 && resident->slot == PAYLOAD_SLOT && (resident->inode != 0) == shared->lazy_active, 156);
    check(resident->intercept > PAYLOAD_SLOT && resident->intercept < resident->text_end, 156);
}

static void check_other_calls(void)
{
    static uint64_t stack[STACK_BYTES / 8];
    int64_t pid;

    check(call(NR_getpid, 1, 2, 3, 4, 5) == sys_getpid(), 157);
    check(call(NR_madvise, PAYLOAD_DATA, PAGE, 3 /* MADV_WILLNEED */, 4, 5) <= 0, 158);
    check(call(NR_madvise, LAZY, PAGE, 99, 4, 5) == -ABI_EINVAL, 159);
    check(call(NR_ioctl, 1, 2, 3, 4, 5) < 0 && call(NR_prctl, 9999, 2, 3, 4, 5) == -ABI_EINVAL, 160);
    pid = call(NR_VFORK, 0, 0, 0, 0, 0);
    check(pid > 0 && syscall4(NR_wait4, (uint64_t)pid, 0, 0, 0) == pid, 161);
    pid = call(NR_CLONE, ABI_CLONE_VM | ABI_CLONE_VFORK | 17, (uint64_t)stack + sizeof(stack), 0, 0, 0);
    check(pid > 0 && syscall4(NR_wait4, (uint64_t)pid, 0, 0, 0) == pid, 162);
    pid = call(NR_FORK, 0, 0, 0, 0, 0);
    check(pid > 0 && syscall4(NR_wait4, (uint64_t)pid, 0, 0, 0) == pid, 163);
}

/* The memory that a call discards is that of the stack below, too. */
static void check_own_stack(void)
{
    uint64_t top = LAZY + 50 * PAGE, kept;
    int64_t result;

    __asm__ volatile("mov %%rsp, %%r12\n\t"
                     "mov %[top], %%rsp\n\t"
                     "lea 1f(%%rip), %%r11\n\t"
                     "jmp *%[entry]\n\t"
                     "syscall\n"
                     "1: mov %%rsp, %[kept]\n\t"
                     "mov %%r12, %%rsp"
                     : "=a"(result), [kept] "=&r"(kept)
                     : "a"(INT64_C(28)), "D"(LAZY + 20 * PAGE), "S"(30 * PAGE), "d"(UINT64_C(DONTNEED)), [top] "r"(top - 200),
                       [entry] "r"(shared->intercept)
                     : "rcx", "r11", "r12", "memory");
    check(result == 0 && kept == top - 200 && are_zeros(20, 49), 164);
}

static bool is_unmapped(uint64_t address)
{
    uint8_t page;

    return sys_mincore(address, PAGE, &page) == -ABI_ENOMEM;
}

_Noreturn void run_lazy(void)
{
    int64_t moved;

    check_record();
    check_contents(0, LAZY_PAGES, 165);
    check_other_calls();
    word(3)[5] = 7;
    check(call(NR_madvise, LAZY + 2 * PAGE, 2 * PAGE, DONTNEED, 4, 5) == 0 && are_zeros(2, 4), 166);
    check_contents(4, LAZY_PAGES, 167);
    check_own_stack();
    check_contents(50, LAZY_PAGES, 168);
    moved = call(NR_mremap, LAZY, LAZY_PAGES * PAGE, 2 * LAZY_PAGES * PAGE, ABI_MREMAP_MAYMOVE, 5);
    check(moved == (int64_t)LAZY && are_zeros(LAZY_PAGES, 2 * LAZY_PAGES), 169); /* nothing is behind it */
    moved = call(NR_mremap, LAZY, 2 * LAZY_PAGES * PAGE, 2 * LAZY_PAGES * PAGE, ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED,
                 PAYLOAD_PLACE(3));
    check(moved == (int64_t)PAYLOAD_PLACE(3) && *(volatile uint64_t *)(PAYLOAD_PLACE(3) + 60 * PAGE) == 61, 170);
    check(is_unmapped(LAZY) && sys_munmap(PAYLOAD_PLACE(3), 2 * LAZY_PAGES * PAGE) == 0, 171);
    end(PAYLOAD_GOOD);
}
