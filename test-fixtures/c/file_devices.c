/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "/dev/null, zero, full, urandom and random stay what they are");
    int null = (int)MUST(open("/dev/null", O_RDWR));
    int zero = (int)MUST(open("/dev/zero", O_RDWR | O_CLOEXEC));
    int full = (int)MUST(open("/dev/full", O_WRONLY));
    int urandom = (int)MUST(open("/dev/urandom", O_RDONLY));
    int random = (int)MUST(open("/dev/random", O_RDONLY | O_NONBLOCK));
    unsigned char first[32], second[32];
    CHECK_EQ(read(urandom, first, sizeof first), (ssize_t)sizeof first);

    ready_and_wait();

    char bytes[16];
    memset(bytes, 7, sizeof bytes);
    CHECK_EQ(read(null, bytes, 16), 0);
    CHECK_EQ(write(null, bytes, 16), 16);
    CHECK_EQ(read(zero, bytes, 16), 16);
    check_zero(bytes, 16, "/dev/zero");
    CHECK_EQ(fcntl(zero, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(write(full, bytes, 16), -1);
    CHECK_EQ(errno, ENOSPC);
    CHECK_EQ(read(urandom, second, sizeof second), (ssize_t)sizeof second);
    CHECK(memcmp(first, second, sizeof first) != 0, "/dev/urandom repeats itself");
    CHECK_EQ(fcntl(random, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(read(random, second, 1), 1);
    pass();
}
