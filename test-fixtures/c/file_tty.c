/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

/* stdin, stdout and stderr are a terminal; so is /dev/tty. After a launch: the terminal of then. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "terminal descriptors and /dev/tty belong to the launching terminal");
    for (int fd = 0; fd < 3; fd++)
        if (!isatty(fd))
            skip("descriptor %d is no terminal", fd);
    int tty = (int)MUST(open("/dev/tty", O_RDWR));
    int copy = (int)MUST(fcntl(0, F_DUPFD_CLOEXEC, 40));
    struct termios before, after;
    MUST(tcgetattr(tty, &before));

    ready_and_wait();

    for (int fd = 0; fd < 3; fd++)
        CHECK(isatty(fd), "descriptor %d is no terminal", fd);
    CHECK(isatty(tty) && isatty(copy), "copies are no terminals");
    MUST(tcgetattr(tty, &after));
    MUST(tcsetattr(tty, TCSANOW, &after));
    struct winsize size;
    MUST(ioctl(copy, TIOCGWINSZ, &size));
    CHECK_EQ(tcgetpgrp(tty), getpgrp());
    CHECK_EQ(write(tty, "through /dev/tty\n", 17), 17);
    pass();
}
