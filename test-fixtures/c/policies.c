/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

/*
 * Descriptors of several kinds at fixed numbers, for tests that give an image policies: it says what it finds. Without any,
 * everything is as it was.
 *
 *   20 a file at offset 5     21 shares 20     22 the same file, appending
 *   23 reads a pipe           24 writes it     25 an epoll instance that watches 23 and 26
 *   26 and 27 a pair of sockets
 */
enum { FIRST = 20, LAST = 27 };

static void place(int fd, int number) {
    MUST(dup3(fd, number, O_CLOEXEC));
    MUST(close(fd));
}

static void set_up(void) {
    char name[64];
    int ends[2];
    struct epoll_event event = {.events = EPOLLIN | EPOLLHUP};
    snprintf(name, sizeof name, "policies-%d", (int)getpid());
    place((int)MUST(open(name, O_RDWR | O_CREAT | O_EXCL, 0644)), 20);
    CHECK_EQ(write(20, "0123456789", 10), 10);
    CHECK_EQ(lseek(20, 5, SEEK_SET), 5);
    MUST(dup2(20, 21));
    place((int)MUST(open(name, O_WRONLY | O_APPEND)), 22);
    MUST(pipe(ends));
    place(ends[0], 23);
    place(ends[1], 24);
    place((int)MUST(epoll_create1(0)), 25);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    place(ends[0], 26);
    place(ends[1], 27);
    event.data.fd = 23;
    MUST(epoll_ctl(25, EPOLL_CTL_ADD, 23, &event));
    event.data.fd = 26;
    MUST(epoll_ctl(25, EPOLL_CTL_ADD, 26, &event));
    signal(SIGPIPE, SIG_IGN);
}

/* "20 file 5 rw cloexec": what it is, where it stands, what can be done with it; or "20 closed". */
static void describe(int fd) {
    static const char *const kinds[16] = {[S_IFIFO >> 12] = "pipe", [S_IFCHR >> 12] = "device", [S_IFDIR >> 12] = "directory",
                                          [S_IFREG >> 12] = "file", [S_IFSOCK >> 12] = "socket"};
    static const char *const access[4] = {"r", "w", "rw", "none"};
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) {
        say("%d closed\n", fd);
        return;
    }
    MUST(fstat(fd, &status));
    const char *kind = kinds[(status.st_mode & S_IFMT) >> 12];
    long offset = (long)lseek(fd, 0, SEEK_CUR);
    say("%d %s %ld %s%s%s\n", fd, kind ? kind : "object", offset, access[flags & O_ACCMODE],
        flags & O_APPEND ? " append" : "", MUST(fcntl(fd, F_GETFD)) ? " cloexec" : "");
}

static void describe_events(void) {
    struct epoll_event events[2];
    int count = epoll_wait(25, events, 2, 0);
    for (int i = 0; i < count; i++)
        say("event %d%s\n", events[i].data.fd, events[i].events & EPOLLHUP ? " hangup" : "");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "descriptors that an image may have policies for");
    char directory[PATH_MAX];
    set_up();

    ready_and_wait();

    for (int fd = FIRST; fd <= LAST; fd++)
        describe(fd);
    if (fcntl(25, F_GETFD) >= 0)
        describe_events();
    CHECK(getcwd(directory, sizeof directory) != NULL, "getcwd: errno %d", errno);
    say("in %s\n", directory);
    pass();
}
