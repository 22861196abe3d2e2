/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* The flags of open files, and places in the file system that are only pointed at (O_PATH). */
static const struct opening {
    int flags;
    int kept; /* what F_GETFL tells of them */
} openings[] = {
    {O_RDONLY, O_RDONLY},
    {O_RDWR | O_CREAT | O_TRUNC, O_RDWR},
    {O_WRONLY | O_APPEND, O_WRONLY | O_APPEND},
    {O_RDWR | O_NONBLOCK | O_CLOEXEC, O_RDWR | O_NONBLOCK},
    {O_RDWR | O_SYNC, O_RDWR | O_SYNC},
    {O_RDWR | O_DSYNC, O_RDWR | O_DSYNC},
    {O_RDONLY | O_NOATIME, O_RDONLY | O_NOATIME},
    {O_RDONLY | O_NOFOLLOW | O_NOCTTY, O_RDONLY | O_NOFOLLOW},
    {O_PATH, O_PATH},
};
enum { OPENINGS = sizeof openings / sizeof openings[0], TOLD = O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_NOATIME | O_NOFOLLOW | O_PATH };

static void check_place(int fd, mode_t kind) {
    struct stat status;
    MUST(fstat(fd, &status));
    CHECK_EQ(status.st_mode & S_IFMT, kind);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_PATH, O_PATH);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "open files keep their flags");
    char name[64], link[64], fifo[64], byte;
    int fds[OPENINGS];
    snprintf(name, sizeof name, "flags-%d", (int)getpid());
    snprintf(link, sizeof link, "link-%d", (int)getpid());
    snprintf(fifo, sizeof fifo, "place-%d", (int)getpid());
    MUST(close((int)MUST(open(name, O_WRONLY | O_CREAT | O_EXCL, 0644))));
    for (int i = 0; i < OPENINGS; i++)
        fds[i] = (int)MUST(open(name, openings[i].flags, 0644));
    CHECK_EQ(write(fds[1], "0123456789", 10), 10);
    MUST(symlink(name, link));
    MUST(mkfifo(fifo, 0600));
    int at_link = (int)MUST(open(link, O_PATH | O_NOFOLLOW)), at_fifo = (int)MUST(open(fifo, O_PATH));
    int at_device = (int)MUST(open("/dev/tty", O_PATH));

    ready_and_wait();

    for (int i = 0; i < OPENINGS; i++) {
        CHECK_EQ(fcntl(fds[i], F_GETFL) & TOLD, openings[i].kept);
        CHECK_EQ(fcntl(fds[i], F_GETFD), openings[i].flags & O_CLOEXEC ? FD_CLOEXEC : 0);
    }
    CHECK_EQ(lseek(fds[1], 0, SEEK_CUR), 10);
    CHECK_EQ(write(fds[2], "x", 1), 1);
    CHECK_EQ(pread(fds[0], &byte, 1, lseek(fds[0], 0, SEEK_END) - 1), 1);
    CHECK_EQ(byte, 'x');
    check_place(at_link, S_IFLNK);
    check_place(at_fifo, S_IFIFO);
    check_place(at_device, S_IFCHR);
    pass();
}
