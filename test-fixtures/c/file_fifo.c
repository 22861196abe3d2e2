/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/*
 * Named pipes: opened again by path without waiting for anybody; bytes that only the program had come back, whoever has the
 * other end open finds the program there again.
 */
static char name[64];

static int open_fifo(int flags) {
    return (int)MUST(open(name, flags));
}

static void expect_bytes(int fd, const char *expected) {
    char found[32] = "";
    int queued = -1;
    MUST(ioctl(fd, FIONREAD, &queued));
    CHECK_EQ(queued, (long)strlen(expected));
    if (queued > 0)
        CHECK_EQ(read(fd, found, sizeof found), queued);
    CHECK(strcmp(found, expected) == 0, "the pipe gives '%s'", found);
}

/* Both ends are the program's, with bytes in flight, another capacity and other flags. */
static void both_ends(void) {
    int reader = open_fifo(O_RDONLY | O_NONBLOCK), writer = open_fifo(O_WRONLY | O_CLOEXEC);
    int both = open_fifo(O_RDWR), twin = (int)MUST(dup(reader));
    int capacity = (int)MUST(fcntl(writer, F_SETPIPE_SZ, 256 * 1024));
    CHECK_EQ(write(writer, "in flight", 9), 9);

    ready_and_wait();

    CHECK_EQ(fcntl(writer, F_GETPIPE_SZ), capacity);
    CHECK_EQ(fcntl(reader, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
    CHECK_EQ(fcntl(writer, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    CHECK_EQ(fcntl(both, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
    CHECK_EQ(fcntl(writer, F_GETFD), FD_CLOEXEC);
    expect_bytes(twin, "in flight");
    CHECK_EQ(write(both, "more", 4), 4);
    expect_bytes(reader, "more");
    MUST(close(writer));
    MUST(close(both));
    char byte;
    CHECK_EQ(read(reader, &byte, 1), 0);
}

/* A reader whose writer is away sees the end, a writer without readers a broken pipe: as if they had closed. */
static void one_end(void) {
    int reader = open_fifo(O_RDONLY | O_NONBLOCK);
    int place = (int)MUST(open(name, O_PATH));

    ready_and_wait();

    struct pollfd state = {.fd = reader, .events = POLLIN};
    CHECK_EQ(poll(&state, 1, 0), 0);
    char byte;
    CHECK_EQ(read(reader, &byte, 1), 0);
    int writer = open_fifo(O_WRONLY);
    CHECK_EQ(write(writer, "x", 1), 1);
    CHECK_EQ(read(reader, &byte, 1), 1);
    CHECK_EQ(fcntl(place, F_GETFL) & O_PATH, O_PATH);
}

static void writing_end(void) {
    int reader = open_fifo(O_RDONLY | O_NONBLOCK), writer = open_fifo(O_WRONLY);
    MUST(close(reader));
    signal(SIGPIPE, SIG_IGN);

    ready_and_wait();

    CHECK(write(writer, "x", 1) == -1 && errno == EPIPE, "a pipe without readers takes bytes");
    reader = open_fifo(O_RDONLY | O_NONBLOCK);
    CHECK_EQ(write(writer, "x", 1), 1);
    expect_bytes(reader, "x");
}

static void unread(void) {
    int reader = open_fifo(O_RDONLY | O_NONBLOCK), writer = open_fifo(O_WRONLY);
    CHECK_EQ(write(writer, "unread", 6), 6);
    MUST(close(reader));

    ready_and_wait();

    reader = open_fifo(O_RDONLY | O_NONBLOCK);
    expect_bytes(reader, "unread");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "named pipes are opened again by path, with the bytes that were in them");
    snprintf(name, sizeof name, "fifo-%d", (int)getpid());
    MUST(mkfifo(name, 0600));
    if (variant_is("both"))
        both_ends();
    else if (variant_is("reader"))
        one_end();
    else if (variant_is("writer"))
        writing_end();
    else
        unread();
    pass();
}
