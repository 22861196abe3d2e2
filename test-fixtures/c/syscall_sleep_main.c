/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <sys/syscall.h>

/* The main thread sleeps itself, in a single-threaded process: the simplest program there is. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a sleeping single-threaded program wakes up after its time");
    struct timespec request = to_timespec(1500 * NS_PER_MS), rest;
    int64_t start = now_ns(CLOCK_MONOTONIC);
    say_ready();
    CHECK_EQ(syscall(SYS_nanosleep, &request, &rest), 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1500 * NS_PER_MS, "woke early");
    wait_for_go();
    pass();
}
