/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { DEEP_MIB = 6, SHALLOW_KIB = 300 };

static volatile int thread_ready, go;

/* Uses the given number of bytes of stack, one page a frame, and checks them on the way back. */
__attribute__((noinline)) static uint64_t descend(size_t bytes, uint64_t seed) {
    volatile uint64_t frame[PAGE / 8];
    frame[0] = pattern_word(seed, bytes);
    frame[PAGE / 8 - 1] = ~frame[0];
    uint64_t below = bytes > PAGE ? descend(bytes - PAGE, seed) : 0;
    CHECK(frame[0] == pattern_word(seed, bytes), "a frame with %zu bytes to go changed", bytes);
    CHECK(frame[PAGE / 8 - 1] == ~frame[0], "the end of a frame changed");
    return below + (frame[0] & 1);
}

/* Waits with SHALLOW_KIB in use, so that frames written before the capture are checked after. */
__attribute__((noinline)) static void wait_below(size_t bytes, void (*wait)(void)) {
    volatile uint64_t frame[PAGE / 8];
    frame[0] = pattern_word(77, bytes);
    if (bytes > PAGE)
        wait_below(bytes - PAGE, wait);
    else
        wait();
    CHECK(frame[0] == pattern_word(77, bytes), "a frame from before changed, %zu to go", bytes);
}

static void thread_wait(void) {
    raise_flag(&thread_ready);
    await_flag(&go);
}

static void *body(void *unused) {
    wait_below(SHALLOW_KIB * 1024, thread_wait);
    descend(DEEP_MIB * MIB, 3);
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "6 MiB of recursion after the launch, on the main or a thread stack");
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_STACK, &limit));
    if (limit.rlim_cur < 8 * MIB)
        skip("the stack limit is below 8 MiB");
    if (variant_is("main")) {
        wait_below(SHALLOW_KIB * 1024, ready_and_wait);
        descend(DEEP_MIB * MIB, 2);
        descend(DEEP_MIB * MIB, 4);
        pass();
    }
    pthread_attr_t attributes;
    MUST0(pthread_attr_init(&attributes));
    MUST0(pthread_attr_setstacksize(&attributes, 8 * MIB));
    pthread_t thread;
    MUST0(pthread_create(&thread, &attributes, body, NULL));
    await_flag(&thread_ready);

    ready_and_wait();

    raise_flag(&go);
    join_thread(thread);
    pass();
}
