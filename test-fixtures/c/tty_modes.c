/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <termios.h>

#define KERNEL_CHARACTERS 19 /* libc has room for more */

/* Modes that a program has set are those of the terminal that it finds after a launch. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "modes of the terminal: raw, keys as they come, or without echo");
    struct termios before, set, found;
    if (!isatty(0))
        skip("stdin is no terminal");
    MUST(tcgetattr(0, &before));
    set = before;
    if (variant_is("raw")) {
        cfmakeraw(&set);
    } else if (variant_is("keys")) {
        set.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        set.c_iflag &= ~(tcflag_t)IXON;
        set.c_cc[VMIN] = 3;
        set.c_cc[VTIME] = 7;
        set.c_cc[VSTART] = _POSIX_VDISABLE;
        set.c_cc[VINTR] = 'X' & 31;
    } else if (variant_is("no-echo")) {
        set.c_lflag &= ~(tcflag_t)ECHO;
        set.c_lflag |= ECHONL;
    } else {
        fail("unknown modes %s", fixture_variant());
    }
    MUST(tcsetattr(0, TCSANOW, &set));

    ready_and_wait();

    MUST(tcgetattr(0, &found));
    MUST(tcsetattr(0, TCSANOW, &before));
    CHECK_EQ(found.c_iflag, set.c_iflag);
    CHECK_EQ(found.c_oflag, set.c_oflag);
    CHECK_EQ(found.c_lflag, set.c_lflag);
    for (size_t i = 0; i < KERNEL_CHARACTERS; i++)
        CHECK(found.c_cc[i] == set.c_cc[i], "character %zu is %d, not %d", i, found.c_cc[i], set.c_cc[i]);
    pass();
}
