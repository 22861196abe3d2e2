/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <ucontext.h>

/* Jumps to places from before: setjmp, sigsetjmp with its mask, and ucontext with own stacks. */
enum { STACK_BYTES = 128 * 1024 };

static sigjmp_buf signal_place;
static jmp_buf place;
static volatile int round_trips;

__attribute__((noinline)) static void jump_back(int value) {
    if (value % 2)
        longjmp(place, value);
    siglongjmp(signal_place, value);
}

static void jumps(void) {
    sigset_t mask;
    volatile int local = 17;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    int value = sigsetjmp(signal_place, 1);
    if (value == 0) {
        if (setjmp(place) == 0) {
            local = 18;
            ready_and_wait();
            jump_back(3);
        }
        CHECK_EQ(local, 18);
        MUST0(pthread_sigmask(SIG_BLOCK, &mask, NULL));
        jump_back(4);
    }
    CHECK_EQ(value, 4);
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    CHECK_EQ(sigismember(&mask, SIGUSR2), 0);
}

#ifdef __GLIBC__
static ucontext_t main_context, side_context;
static char side_stack[STACK_BYTES];

static void side(void) {
    for (int i = 0; i < 10; i++) {
        double value = i / 3.0;
        round_trips++;
        MUST(swapcontext(&side_context, &main_context));
        CHECK(value == i / 3.0, "a local of the side context changed");
    }
}

static void contexts(void) {
    MUST(getcontext(&side_context));
    side_context.uc_stack.ss_sp = side_stack;
    side_context.uc_stack.ss_size = sizeof side_stack;
    side_context.uc_link = &main_context;
    makecontext(&side_context, side, 0);
    for (int i = 0; i < 5; i++)
        MUST(swapcontext(&main_context, &side_context));
    ready_and_wait();
    for (int i = 0; i < 6; i++)
        MUST(swapcontext(&main_context, &side_context));
    CHECK_EQ(round_trips, 10);
}
#else
static void contexts(void) {
    skip("this libc has no ucontext functions");
}
#endif

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "longjmp, siglongjmp and swapcontext to places from before");
    if (variant_is("ucontext"))
        contexts();
    else
        jumps();
    pass();
}
