/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>

/*
 * The program has closed descriptor 0 itself and used its number for a file of its own. It waits by
 * time, because it has no stdin to wait on.
 */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "descriptor 0 is a file of the program's own making, or closed");
    MUST(close(0));
    if (variant_is("file")) {
        CHECK_EQ(open("zero.dat", O_RDWR | O_CREAT | O_TRUNC, 0644), 0);
        CHECK_EQ(write(0, "0123456789", 10), 10);
        MUST(lseek(0, 4, SEEK_SET));
    }
    struct timespec moment = {.tv_sec = 3};
    say_ready();
    CHECK_EQ(nanosleep(&moment, NULL), 0);
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
