/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>

/*
 * The program has closed descriptor 0 itself and used its number for a file of its own. It has no
 * stdin to wait on: it waits until it is launched, or until a time has passed that leaves enough for
 * a capture on a busy machine.
 */
enum { LIMIT_S = 10, STEP_MS = 20 };

static void await_launch(void) {
    int64_t end = now_ns(CLOCK_MONOTONIC) + LIMIT_S * NS_PER_S;
    struct timespec step = to_timespec(STEP_MS * NS_PER_MS);
    while (!was_launched() && now_ns(CLOCK_MONOTONIC) < end)
        CHECK_EQ(nanosleep(&step, NULL), 0);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "descriptor 0 is a file of the program's own making, or closed");
    MUST(close(0));
    if (variant_is("file")) {
        CHECK_EQ(open("zero.dat", O_RDWR | O_CREAT | O_TRUNC, 0644), 0);
        CHECK_EQ(write(0, "0123456789", 10), 10);
        MUST(lseek(0, 4, SEEK_SET));
    }
    say_ready();
    await_launch();
    if (variant_is("file")) {
        char digit;
        CHECK_EQ(read(0, &digit, 1), 1);
        CHECK_EQ(digit, '4');
    } else {
        CHECK_EQ(fcntl(0, F_GETFD), -1);
        CHECK_EQ(errno, EBADF);
    }
    pass();
}
