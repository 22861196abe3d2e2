/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

/* Pairs of UNIX sockets of every type, a connection of the program to itself, and pairs that rest with messages in both queues. */
enum { RESTING = 24 };

static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
static const char *const words[] = {"one", "two", "three", "", "five"};

static ssize_t put_by_send(int fd, const void *bytes, size_t size) {
    return send(fd, bytes, size, MSG_NOSIGNAL);
}

static ssize_t take_by_recv(int fd, void *bytes, size_t size) {
    return recv(fd, bytes, size, 0);
}

/* May give less than all of it after an interruption, as any stop and continue causes. */
static ssize_t take_all_of_it(int fd, void *bytes, size_t size) {
    return recv(fd, bytes, size, MSG_WAITALL);
}

static ssize_t put_by_sendmsg(int fd, const void *bytes, size_t size) {
    struct iovec part = {(void *)(uintptr_t)bytes, size};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/* Looks before it takes: both must give the same. */
static ssize_t take_by_recvmsg(int fd, void *bytes, size_t size) {
    uint64_t first[2];
    struct iovec part = {first, sizeof first};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t seen = recvmsg(fd, &message, MSG_PEEK);
    part = (struct iovec){bytes, size};
    ssize_t taken = recvmsg(fd, &message, 0);
    CHECK(taken < 0 || seen < 0 || memcmp(first, bytes, (size_t)(seen < taken ? seen : taken)) == 0, "looking gave other bytes than taking");
    return taken;
}

static struct channel channels[] = {
    {.name = "stream pair", .most = 16384, .put = put_by_send, .take = take_by_recv},
    {.name = "stream pair, all at once", .most = 4096, .put = put_by_write, .take = take_all_of_it},
    {.name = "datagram pair", .most = 8192, .packets = true, .put = put_by_sendmsg, .take = take_by_recvmsg},
    {.name = "packet pair", .most = 4096, .packets = true, .put = put_by_send, .take = take_by_recvmsg},
    {.name = "connection to itself", .most = 8192, .put = put_by_send, .take = take_by_read},
};

static int resting[RESTING][2];

static void make_pair(int type, int *one, int *other) {
    int ends[2];
    MUST(socketpair(AF_UNIX, type, 0, ends));
    *one = hold(ends[0]);
    *other = hold(ends[1]);
}

static void connect_to_itself(int *one, int *other) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "undump-stress/%d/self", (int)life());
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    int listener = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), client = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&name, size));
    MUST(listen(listener, 1));
    MUST(connect(client, (struct sockaddr *)&name, size));
    *other = hold(accept(listener, NULL, NULL));
    *one = hold(client);
    hold(listener);
}

static void send_words(int fd) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        CHECK_EQ(send(fd, words[i], strlen(words[i]), MSG_NOSIGNAL), (ssize_t)strlen(words[i]));
}

static void expect_words(int fd, int type) {
    char text[64], all[64] = "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        strcat(all, words[i]);
        if (type == SOCK_STREAM)
            continue;
        CHECK_EQ(recv(fd, text, sizeof text, MSG_DONTWAIT), (ssize_t)strlen(words[i]));
        CHECK(memcmp(text, words[i], strlen(words[i])) == 0, "descriptor %d: '%.5s' instead of %s", fd, text, words[i]);
    }
    if (type == SOCK_STREAM) {
        CHECK_EQ(recv(fd, text, sizeof text, MSG_DONTWAIT), (ssize_t)strlen(all));
        CHECK(memcmp(text, all, strlen(all)) == 0, "descriptor %d: '%.14s' instead of %s", fd, text, all);
    }
    CHECK_EQ(recv(fd, text, sizeof text, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, EAGAIN);
}

static void set_up(void) {
    static const int working[] = {SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int i = 0; i < 4; i++)
        make_pair(working[i], &channels[i].in, &channels[i].out);
    connect_to_itself(&channels[4].in, &channels[4].out);
    for (int i = 0; i < 5; i++)
        start_channel(&channels[i]);
    for (int i = 0; i < RESTING; i++) {
        make_pair(types[i % 3], &resting[i][0], &resting[i][1]);
        send_words(resting[i][0]);
        if (i % 2)
            send_words(resting[i][1]);
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        expect_words(resting[i][1], types[i % 3]);
        if (i % 2)
            expect_words(resting[i][0], types[i % 3]);
    }
}

const struct stress_kind stress_socketpairs = {.name = "socketpairs", .set_up = set_up, .verify = verify};
