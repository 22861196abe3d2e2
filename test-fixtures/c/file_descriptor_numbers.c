/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Descriptors at high and scattered numbers; everything between them stays closed. */
static const int numbers[] = {5, 17, 64, 255, 256, 900, 1023};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "descriptors at scattered high numbers, and none in between");
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_cur < 1024)
        skip("fewer than 1024 descriptors are allowed");
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    int first = (int)MUST(open("numbers.dat", O_RDWR | O_CREAT | O_TRUNC, 0644));
    CHECK_EQ(write(first, "0123456789", 10), 10);
    for (int i = 0; i < NUMBERS; i++) {
        int fd = (int)MUST(open("numbers.dat", O_RDONLY));
        MUST(lseek(fd, i, SEEK_SET));
        MUST(dup3(fd, numbers[i], i % 2 ? O_CLOEXEC : 0));
        close(fd);
    }
    MUST(close(first));
    int kept = (int)MUST(open("numbers.dat", O_RDONLY)), gone = (int)MUST(open("numbers.dat", O_RDONLY | O_CLOEXEC));
    int kept_flags = (int)MUST(fcntl(kept, F_GETFL)), gone_flags = (int)MUST(fcntl(gone, F_GETFL));
    static bool before[1024];
    for (int fd = 3; fd < 1024; fd++)
        before[fd] = is_open(fd);

    ready_and_wait();

    for (int fd = 3; fd < 1024; fd++)
        CHECK(is_open(fd) == before[fd], "descriptor %d: open %d before, %d now", fd, before[fd],
              is_open(fd));
    for (int i = 0; i < NUMBERS; i++) {
        char digit;
        CHECK_EQ(fcntl(numbers[i], F_GETFD), i % 2 ? FD_CLOEXEC : 0);
        CHECK_EQ(read(numbers[i], &digit, 1), 1);
        CHECK_EQ(digit, '0' + i);
    }
    CHECK_EQ(fcntl(kept, F_GETFL), kept_flags); /* the kernel tells how they were opened, O_CLOEXEC included */
    CHECK_EQ(fcntl(gone, F_GETFL), gone_flags);
    MUST(close(kept));
    MUST(close(gone));
    CHECK_EQ(open("numbers.dat", O_RDONLY), 3);
    pass();
}
