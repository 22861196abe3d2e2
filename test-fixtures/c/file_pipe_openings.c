/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>

/* Pipes that were opened once more through /proc, and packets that nobody writes any more. */
static int open_again(int fd, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return (int)MUST(open(path, flags));
}

static void expect(int fd, const char *expected) {
    char found[32] = "";
    CHECK_EQ(read(fd, found, sizeof found - 1), (ssize_t)strlen(expected));
    CHECK(strcmp(found, expected) == 0, "the pipe gives '%s'", found);
}

static void send_text(int fd, const char *text) {
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pipes with several openings of one end, and of both");
    int ends[2], lone[2], packets[2], writers[2];
    MUST(pipe(ends));
    int reader = open_again(ends[0], O_RDONLY | O_NONBLOCK), writer = open_again(ends[0], O_WRONLY | O_CLOEXEC);
    int both = open_again(ends[1], O_RDWR);
    MUST(pipe(lone));
    int alone = open_again(lone[0], O_RDWR);
    MUST(close(lone[0]));
    MUST(close(lone[1]));
    MUST(pipe2(packets, O_DIRECT));
    MUST(pipe(writers));
    int second = open_again(writers[1], O_WRONLY | O_NONBLOCK);
    MUST(close(writers[0]));
    signal(SIGPIPE, SIG_IGN);
    send_text(ends[1], "one");
    send_text(alone, "alone");
    send_text(packets[1], "first");
    send_text(packets[1], "second");
    MUST(close(packets[1]));

    ready_and_wait();

    CHECK_EQ(fcntl(reader, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
    CHECK_EQ(fcntl(writer, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    CHECK_EQ(fcntl(writer, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(both, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
    CHECK_EQ(fcntl(ends[0], F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
    expect(ends[0], "one");
    send_text(writer, "two");
    expect(reader, "two");
    send_text(ends[1], "three");
    expect(both, "three");
    expect(alone, "alone");
    send_text(alone, "again");
    expect(alone, "again");
    expect(packets[0], "first");
    expect(packets[0], "second");
    CHECK_EQ(read(packets[0], &ends, 1), 0);
    CHECK(write(writers[1], "x", 1) == -1 && errno == EPIPE, "a pipe without readers takes bytes");
    CHECK_EQ(fcntl(second, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    pass();
}
