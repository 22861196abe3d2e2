/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static off_t offset_of(int fd) {
    return MUST(lseek(fd, 0, SEEK_CUR));
}

static void expect_bytes(int fd, const char *expected) {
    char found[16] = "";
    size_t length = strlen(expected);
    CHECK_EQ(read(fd, found, length), (ssize_t)length);
    CHECK(memcmp(found, expected, length) == 0, "expected %s, found %.15s", expected, found);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "regular files: offset, access mode, append, close-on-exec, dup");
    int rw = (int)MUST(open("offsets.dat", O_RDWR | O_CREAT | O_TRUNC, 0644));
    CHECK_EQ(write(rw, "abcdefghijklmnopqrstuvwxyz", 26), 26);
    MUST(lseek(rw, 3, SEEK_SET));
    int ro = (int)MUST(open("offsets.dat", O_RDONLY | O_CLOEXEC));
    MUST(lseek(ro, 20, SEEK_SET));
    int append = (int)MUST(open("offsets.dat", O_WRONLY | O_APPEND));
    int shared = (int)MUST(dup(rw));
    int shared_cloexec = (int)MUST(fcntl(rw, F_DUPFD_CLOEXEC, 300));
    int high = (int)MUST(dup2(ro, 900));

    ready_and_wait();

    CHECK_EQ(offset_of(rw), 3);
    CHECK_EQ(offset_of(ro), 20);
    expect_bytes(rw, "def");
    CHECK_EQ(offset_of(shared), 6);
    CHECK_EQ(offset_of(shared_cloexec), 6);
    expect_bytes(shared_cloexec, "gh");
    CHECK_EQ(offset_of(rw), 8);
    expect_bytes(ro, "uv");
    CHECK_EQ(offset_of(high), 22);
    CHECK_EQ(offset_of(rw), 8);
    CHECK_EQ(fcntl(rw, F_GETFD), 0);
    CHECK_EQ(fcntl(shared, F_GETFD), 0);
    CHECK_EQ(fcntl(ro, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(shared_cloexec, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(high, F_GETFD), 0);
    CHECK_EQ(fcntl(ro, F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK_EQ(fcntl(rw, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_EQ(fcntl(append, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    CHECK(write(ro, "x", 1) < 0 && errno == EBADF, "a read-only descriptor can be written");
    CHECK_EQ(write(append, "END", 3), 3);
    struct stat status;
    MUST(fstat(rw, &status));
    CHECK(status.st_size >= 29, "expected 29 bytes or more, found %ld", (long)status.st_size);
    CHECK_EQ(write(rw, "IJ", 2), 2);
    CHECK_EQ(offset_of(shared), 10);
    pass();
}
