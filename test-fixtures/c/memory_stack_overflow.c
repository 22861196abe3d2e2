/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <sys/mman.h>

static volatile int ready, go;
static sigjmp_buf escape;

static void on_overflow(int signal_number) {
    (void)signal_number;
    siglongjmp(escape, 1);
}

__attribute__((noinline)) static uint64_t descend(uint64_t depth) {
    volatile uint64_t frame[64];
    frame[0] = depth;
    return frame[0] == UINT64_MAX ? 0 : descend(depth + 1) + frame[0];
}

/* The altstack was set before the capture; the overflow comes after the launch. */
static void *body(void *unused) {
    stack_t alternative = {.ss_sp = map_memory(64 * 1024, PROT_READ | PROT_WRITE, 0),
                           .ss_size = 64 * 1024};
    MUST(sigaltstack(&alternative, NULL));
    raise_flag(&ready);
    await_flag(&go);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(escape, 1) == 0)
            CHECK(descend(0) == 1, "endless recursion came back");
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "overflow of a thread's stack meets its guard page and an altstack");
    struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
    MUST(sigaction(SIGSEGV, &action, NULL));
    pthread_t thread = start_thread(body, NULL);
    await_flag(&ready);
    ready_and_wait();
    raise_flag(&go);
    join_thread(thread);
    pass();
}
