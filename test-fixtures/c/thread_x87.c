/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/syscall.h>

/*
 * x87: eight long doubles on the stack, control word with extended precision and rounding up,
 * condition bits. SSE: MXCSR with rounding, flush-to-zero and sticky flags.
 */
enum { MXCSR_VALUE = 0x1f80 | 0x8000 | 0x2000 | 0x20, CONTROL_WORD = 0x0b7f };

static volatile uint32_t go, spinning;
static long double values[8], found[8];
static uint16_t control_word, status_before, status_word;
static uint32_t mxcsr_found;
static int pipe_ends[2];
static bool spin;
static volatile pid_t waiter;

static void wait_here(void) {
    if (spin) {
        spinning = 1;
        __asm__ volatile("1: cmpl $0, %0; je 1b" : : "m"(go) : "cc");
        return;
    }
    char byte;
    waiter = (pid_t)syscall(SYS_gettid);
    long result = syscall(SYS_read, pipe_ends[0], &byte, 1);
    mxcsr_found = result == 1 ? 0 : 1;
}

static void *body(void *unused) {
    uint16_t control = CONTROL_WORD;
    uint32_t mxcsr = MXCSR_VALUE;
    __asm__ volatile("fninit; fldcw %0" : : "m"(control));
    for (int i = 0; i < 8; i++)
        __asm__ volatile("fldt %0" : : "m"(values[i]));
    __asm__ volatile("fcom %%st(3)\n fnstsw %0" : "=m"(status_before));
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    wait_here();
    CHECK_EQ(mxcsr_found, 0);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr_found));
    __asm__ volatile("fnstsw %0; fnstcw %1" : "=m"(status_word), "=m"(control_word));
    for (int i = 0; i < 8; i++)
        __asm__ volatile("fstpt %0" : "=m"(found[i]));
    __asm__ volatile("fninit");
    mxcsr = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "x87 stack, control and status words, and MXCSR");
    spin = variant_is("spin");
    for (int i = 0; i < 8; i++)
        values[i] = 1.0L / (3 + i);
    MUST(pipe(pipe_ends));
    pthread_t thread = start_thread(body, NULL);
    while (spin ? !spinning : !waiter)
        ;
    if (!spin)
        await_in_syscall(waiter, SYS_read);

    ready_and_wait();

    go = 1;
    CHECK_EQ(write(pipe_ends[1], "x", 1), 1);
    join_thread(thread);
    CHECK_EQ(mxcsr_found, MXCSR_VALUE);
    CHECK_EQ(control_word, CONTROL_WORD);
    CHECK_EQ(status_word, status_before);
    for (int i = 0; i < 8; i++)
        CHECK(memcmp(&found[i], &values[7 - i], 10) == 0, "st(%d) differs", i);
    pass();
}
