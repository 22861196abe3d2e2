/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <stdlib.h>
#include <sys/epoll.h>

/* Pairs of connected UNIX sockets, both ends in the program or one closed, with what waits in them. */
enum { LONG_MESSAGE = 100000, BULK = 150000 };

static void make_pair(int type, int ends[2]) {
    MUST(socketpair(AF_UNIX, type, 0, ends));
}

static void send_long(int fd, uint64_t seed) {
    static unsigned char bytes[BULK];
    fill_pattern(bytes, sizeof bytes, seed);
    size_t size = seed == 1 ? BULK : LONG_MESSAGE;
    CHECK_EQ(send(fd, bytes, size, MSG_DONTWAIT), (long long)size);
}

static void expect_long(int fd, uint64_t seed) {
    static unsigned char bytes[BULK];
    size_t size = seed == 1 ? BULK : LONG_MESSAGE, done = 0;
    while (done < size)
        done += (size_t)MUST(recv(fd, bytes + done, size - done, MSG_DONTWAIT));
    check_pattern(bytes, size, seed, "what waited");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pairs of UNIX sockets with bytes and messages in both directions");
    int stream[2], bulk[2], datagrams[2], packets[2], half[2], orphan[2], marker[2], unread[2], ended[2], full[2], lonely[2];
    make_pair(SOCK_STREAM | SOCK_NONBLOCK, stream);
    send_text(stream[0], "from the first ");
    send_text(stream[0], "to the second");
    send_text(stream[1], "and back");
    MUST(fcntl(stream[1], F_SETFL, 0));
    MUST(fcntl(stream[1], F_SETFD, FD_CLOEXEC));
    set_option(stream[0], SOL_SOCKET, SO_SNDBUF, 5000);
    int twin = (int)MUST(dup(stream[0]));

    make_pair(SOCK_STREAM, bulk);
    send_long(bulk[0], 1);

    make_pair(SOCK_DGRAM, datagrams);
    send_text(datagrams[0], "one");
    CHECK_EQ(send(datagrams[0], "", 0, 0), 0);
    send_text(datagrams[0], "three");
    send_long(datagrams[0], 2);
    set_option(datagrams[1], SOL_SOCKET, SO_RCVLOWAT, 1);

    make_pair(SOCK_SEQPACKET | SOCK_CLOEXEC, packets);
    send_text(packets[1], "first packet");
    send_text(packets[1], "second packet");
    send_long(packets[0], 3);

    make_pair(SOCK_STREAM, half);
    send_text(half[0], "last words");
    MUST(shutdown(half[0], SHUT_WR));

    make_pair(SOCK_STREAM, orphan);
    send_text(orphan[1], "inheritance");
    MUST(close(orphan[1]));

    make_pair(SOCK_STREAM, marker); /* what a JDK keeps to put in the place of closed descriptors */
    MUST(shutdown(marker[0], SHUT_WR));
    MUST(close(marker[1]));
    int on_marker = (int)MUST(dup(marker[0]));

    make_pair(SOCK_STREAM, unread);
    send_text(unread[0], "nobody reads this");
    MUST(close(unread[1]));

    make_pair(SOCK_SEQPACKET, ended);
    send_text(ended[1], "packet");
    MUST(close(ended[1]));

    int refused[2];
    make_pair(SOCK_SEQPACKET, refused);
    send_text(refused[0], "not read");
    MUST(close(refused[1]));

    make_pair(SOCK_STREAM, full);
    MUST(shutdown(full[0], SHUT_RDWR));

    make_pair(SOCK_DGRAM, lonely);
    send_text(lonely[1], "note");
    MUST(close(lonely[1]));

    int offset[2];
    make_pair(SOCK_STREAM, offset);
    send_text(offset[0], "0123456789");
    set_option(offset[1], SOL_SOCKET, SO_PEEK_OFF, 4);

    int swapped[2];
    make_pair(SOCK_STREAM, swapped);
    send_text(swapped[0], "swapped");
    int spare = (int)MUST(dup(swapped[0]));
    MUST(dup2(swapped[1], swapped[0])); /* the first made has the higher number */
    MUST(dup2(spare, swapped[1]));
    MUST(close(spare));

    struct options kept[3];
    read_options(stream[0], &kept[0]);
    read_options(offset[1], &kept[1]);
    read_options(datagrams[1], &kept[2]);
    int epoll = (int)MUST(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = 5};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, half[1], &event));

    ready_and_wait();

    check_options(stream[0], &kept[0]);
    check_options(offset[1], &kept[1]);
    check_options(datagrams[1], &kept[2]);
    expect_bytes(swapped[0], "swapped");
    send_text(swapped[0], "back");
    expect_bytes(swapped[1], "back");
    CHECK_EQ(fcntl(stream[0], F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_EQ(fcntl(stream[1], F_GETFL), O_RDWR);
    CHECK_EQ(fcntl(stream[1], F_GETFD), FD_CLOEXEC);
    expect_bytes(stream[1], "from the first to the second");
    expect_bytes(twin, "and back");
    expect_empty(stream[0]);
    expect_empty(stream[1]);
    send_text(stream[1], "again");
    expect_bytes(stream[0], "again");

    expect_long(bulk[1], 1);
    expect_empty(bulk[1]);

    CHECK_EQ(option(datagrams[0], SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
    expect_bytes(datagrams[1], "one");
    expect_bytes(datagrams[1], "");
    expect_bytes(datagrams[1], "three");
    expect_long(datagrams[1], 2);
    expect_empty(datagrams[1]);
    expect_empty(datagrams[0]);

    expect_bytes(packets[0], "first packet");
    expect_bytes(packets[0], "second packet");
    expect_empty(packets[0]);
    expect_long(packets[1], 3);
    CHECK_EQ(fcntl(packets[0], F_GETFD), FD_CLOEXEC);

    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
    CHECK_EQ(event.events, EPOLLIN | EPOLLRDHUP);
    expect_bytes(half[1], "last words");
    expect_bytes(half[1], "");
    CHECK_EQ(send(half[0], "x", 1, MSG_NOSIGNAL), -1);
    CHECK_EQ(errno, EPIPE);
    send_text(half[1], "reply");
    expect_bytes(half[0], "reply");

    expect_bytes(orphan[0], "inheritance");
    expect_bytes(orphan[0], "");
    CHECK_EQ(send(orphan[0], "x", 1, MSG_NOSIGNAL), -1);
    CHECK_EQ(errno, EPIPE);

    CHECK_EQ(events_of(marker[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    expect_bytes(on_marker, "");

    CHECK_EQ(events_of(unread[0]) & (POLLERR | POLLHUP), POLLERR | POLLHUP);
    char byte;
    CHECK_EQ(recv(unread[0], &byte, 1, 0), -1);
    CHECK_EQ(errno, ECONNRESET);
    expect_bytes(unread[0], "");

    expect_bytes(ended[0], "packet");
    expect_bytes(ended[0], "");
    CHECK_EQ(recv(refused[0], &byte, 1, 0), -1);
    CHECK_EQ(errno, ECONNRESET);
    expect_bytes(refused[0], "");
    expect_bytes(full[0], "");
    expect_bytes(full[1], "");
    CHECK_EQ(events_of(full[1]) & POLLHUP, POLLHUP);

    expect_bytes(lonely[0], "note");
    expect_empty(lonely[0]);
    CHECK_EQ(send(lonely[0], "x", 1, MSG_NOSIGNAL), -1);
    CHECK_EQ(errno, ECONNREFUSED);

    char peeked[8] = "";
    CHECK_EQ(recv(offset[1], peeked, 3, MSG_PEEK), 3);
    CHECK(memcmp(peeked, "456", 3) == 0, "peeked at %s", peeked);
    expect_bytes(offset[1], "0123456789");
    pass();
}
