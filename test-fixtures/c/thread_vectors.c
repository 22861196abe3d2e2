/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/syscall.h>

/*
 * Vector registers hold patterns while a thread spins (`spin`) or waits in read(2) (`syscall`):
 * the kernel keeps them all over a system call. First argument: the register file.
 */
enum { REGISTER_MAX = 32, WIDTH_MAX = 64, MASKS = 8 };

unsigned char vectors_in[REGISTER_MAX * WIDTH_MAX] __attribute__((aligned(64)));
unsigned char vectors_out[REGISTER_MAX * WIDTH_MAX] __attribute__((aligned(64)));
uint64_t masks_in[MASKS], masks_out[MASKS];
volatile uint32_t vectors_go, vectors_spinning;
long vectors_fd = -1, vectors_result;
char vectors_byte;
void wait_with_xmm(void);
void wait_with_ymm(void);
void wait_with_zmm(void);

#define SIXTEEN "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define THIRTY_TWO SIXTEEN ",16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define EIGHT "0,1,2,3,4,5,6,7"

/* For each register N of the list: one instruction with memory at N * width. */
#define LOAD(move, file, width, list)                                                              \
    ".irp n," list "\n" move " vectors_in+" width "*\\n(%rip), %" file "\\n\n.endr\n"
#define STORE(move, file, width, list)                                                             \
    ".irp n," list "\n" move " %" file "\\n, vectors_out+" width "*\\n(%rip)\n.endr\n"
/* Spins when vectors_fd is negative, else reads one byte from it. */
#define WAIT                                                                                       \
    "mov vectors_fd(%rip), %rdi\n"                                                                 \
    "test %rdi, %rdi; js 1f\n"                                                                     \
    "lea vectors_byte(%rip), %rsi; mov $1, %edx; xor %eax, %eax; syscall\n"                        \
    "mov %rax, vectors_result(%rip); jmp 2f\n"                                                     \
    "1: movl $1, vectors_spinning(%rip)\n"                                                         \
    "3: cmpl $0, vectors_go(%rip); je 3b\n"                                                        \
    "2:\n"
#define FUNCTION(name, body)                                                                       \
    ".text\n.globl " name "\n.type " name ", @function\n" name ":\n" body "ret\n"                  \
    ".size " name ", .-" name "\n"

__asm__(FUNCTION("wait_with_xmm", LOAD("movdqu", "xmm", "16", SIXTEEN) WAIT
                 STORE("movdqu", "xmm", "16", SIXTEEN)));
__asm__(FUNCTION("wait_with_ymm", LOAD("vmovdqu", "ymm", "32", SIXTEEN) WAIT
                 STORE("vmovdqu", "ymm", "32", SIXTEEN) "vzeroupper\n"));
__asm__(FUNCTION("wait_with_zmm", LOAD("vmovdqu64", "zmm", "64", THIRTY_TWO)
                 ".irp n," EIGHT "\nkmovq masks_in+8*\\n(%rip), %k\\n\n.endr\n" WAIT
                 ".irp n," EIGHT "\nkmovq %k\\n, masks_out+8*\\n(%rip)\n.endr\n"
                 STORE("vmovdqu64", "zmm", "64", THIRTY_TWO) "vzeroupper\n"));

struct file {
    const char *name;
    void (*wait)(void);
    int registers, width;
};

static const struct file files[] = {
    {"xmm", wait_with_xmm, 16, 16}, {"ymm", wait_with_ymm, 16, 32}, {"zmm", wait_with_zmm, 32, 64}};

static volatile pid_t waiter;

static const struct file *choose_file(void) {
    if (variant_is("ymm") && !__builtin_cpu_supports("avx"))
        skip("this CPU has no AVX");
    if (variant_is("zmm") && !__builtin_cpu_supports("avx512bw"))
        skip("this CPU has no AVX-512BW");
    for (int i = 0; i < 3; i++)
        if (variant_is(files[i].name))
            return &files[i];
    fail("unknown register file %s", fixture_variant());
}

static void *body(void *argument) {
    const struct file *file = argument;
    waiter = current_tid();
    file->wait();
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "vector and mask registers, spinning or in a system call");
    const struct file *file = choose_file();
    bool spin = argc > 2 && strcmp(argv[2], "spin") == 0;
    size_t size = (size_t)(file->registers * file->width);
    fill_pattern(vectors_in, size, 6);
    fill_pattern(masks_in, sizeof masks_in, 7);
    int ends[2];
    MUST(pipe(ends));
    if (!spin)
        vectors_fd = ends[0];
    pthread_t thread = start_thread(body, (void *)(uintptr_t)file);
    while (spin ? !vectors_spinning : !waiter)
        ;
    if (!spin)
        await_in_syscall(waiter, SYS_read);

    ready_and_wait();

    vectors_go = 1;
    CHECK_EQ(write(ends[1], "v", 1), 1);
    join_thread(thread);
    CHECK(spin || (vectors_result == 1 && vectors_byte == 'v'), "read gave %ld", vectors_result);
    for (size_t i = 0; i < size; i++)
        CHECK(vectors_out[i] == vectors_in[i], "%s%zu byte %zu: expected 0x%02x, found 0x%02x",
              file->name, i / (size_t)file->width, i % (size_t)file->width, vectors_in[i],
              vectors_out[i]);
    for (int i = 0; variant_is("zmm") && i < MASKS; i++)
        CHECK(masks_out[i] == masks_in[i], "k%d: expected 0x%llx, found 0x%llx", i,
              (unsigned long long)masks_in[i], (unsigned long long)masks_out[i]);
    pass();
}
