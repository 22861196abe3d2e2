/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { DEEP_MIB = 6, SHALLOW_KIB = 300, EDGE = 256 };

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

/* The lowest address that the kernel has given to the main stack so far. */
static uintptr_t stack_start(void) {
    static char maps[64 * 1024];
    int fd = (int)MUST(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    size_t length = 0;
    for (ssize_t count; (count = read(fd, maps + length, sizeof maps - 1 - length)) > 0;)
        length += (size_t)count;
    MUST(close(fd));
    char *line = strstr(maps, "[stack]");
    CHECK(line != NULL, "no stack in maps");
    while (line > maps && line[-1] != '\n')
        line--;
    return strtoul(line, NULL, 16);
}

/* Waits with less room below the stack pointer than a signal frame takes: the rest of the stack is not there yet. */
__attribute__((noinline)) static void wait_at_edge(void) {
    static char line[64];
    say_ready();
    size_t distance = (uintptr_t)__builtin_frame_address(0) - stack_start();
    CHECK(distance > 2 * EDGE && distance < MIB, "the stack starts %zu bytes below", distance);
    volatile char *bottom = __builtin_alloca(distance - EDGE);
    bottom[0] = 1;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_read), "D"(0L), "S"(line), "d"(sizeof line)
                     : "rcx", "r11", "memory");
    CHECK(result >= 0, "read: %ld", result);
    CHECK_EQ(bottom[0], 1);
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
    if (variant_is("edge")) {
        wait_at_edge();
        descend(DEEP_MIB * MIB, 5);
        pass();
    }
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
