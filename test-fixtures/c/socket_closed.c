/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Connections whose other end does not come along: a launch finds them as if the peer had gone. */
static int connect_tcp(int family, int *ret_accepted) {
    struct name name = loopback(family);
    int listener = (int)MUST(socket(family, SOCK_STREAM, 0));
    MUST(bind(listener, &name.head, name.size));
    MUST(listen(listener, 4));
    name = own_name(listener);
    int client = (int)MUST(socket(family, SOCK_STREAM, 0));
    MUST(connect(client, &name.head, name.size));
    *ret_accepted = (int)MUST(accept(listener, NULL, NULL));
    MUST(close(listener));
    return client;
}

/* A process that is no child of ours answers whatever it is sent, until it is left, or has both ends open as long as we are. */
static void start_stranger(const int ends[2], bool has_both) {
    struct pollfd program = {.fd = (int)MUST(syscall(SYS_pidfd_open, getpid(), 0)), .events = POLLIN};
    int status;
    pid_t middle = (pid_t)MUST(fork());
    if (middle == 0) {
        if (fork() == 0) {
            char text[64];
            ssize_t count;
            if (has_both) {
                poll(&program, 1, -1);
                _exit(0);
            }
            close(ends[0]);
            while ((count = recv(ends[1], text, sizeof text, 0)) > 0)
                send(ends[1], text, (size_t)count, MSG_NOSIGNAL);
        }
        _exit(0);
    }
    CHECK_EQ(waitpid(middle, &status, 0), middle);
    MUST(close(program.fd));
}

static int connect_to_stranger(int type) {
    int ends[2];
    MUST(socketpair(AF_UNIX, type, 0, ends));
    start_stranger(ends, false);
    MUST(close(ends[1]));
    return ends[0];
}

static void expect_echo(int fd) {
    send_text(fd, "echo");
    expect_bytes(fd, "echo");
}

static void expect_error(int fd, int error) {
    char byte;
    CHECK_EQ(recv(fd, &byte, 1, 0), -1);
    CHECK_EQ(errno, error);
}

static void expect_end(int fd) {
    expect_bytes(fd, "");
    CHECK_EQ(send(fd, "x", 1, MSG_NOSIGNAL), -1);
    CHECK_EQ(errno, EPIPE);
}

static void tcp(void) {
    int accepted, accepted6 = -1, client = connect_tcp(AF_INET, &accepted), client6 = -1;
    MUST(fcntl(client, F_SETFL, O_NONBLOCK));
    set_option(client, SOL_SOCKET, SO_KEEPALIVE, 1);
    int twin = (int)MUST(dup(client)), epoll = (int)MUST(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 8};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event));
    if (has_ipv6())
        client6 = connect_tcp(AF_INET6, &accepted6);
    int spent, spent_peer = connect_tcp(AF_INET, &spent);
    struct linger linger = {1, 0};
    MUST(setsockopt(spent_peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    MUST(close(spent_peer));
    while (!(events_of(spent) & POLLHUP))
        poll(NULL, 0, 1);
    expect_error(spent, ECONNRESET);

    ready_and_wait();

    expect_end(spent);
    CHECK_EQ(fcntl(client, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_EQ(option(client, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    CHECK_EQ(option(client, SOL_SOCKET, SO_DOMAIN), AF_INET);
    CHECK_EQ(option(client, SOL_SOCKET, SO_KEEPALIVE), 1);
    if (!was_launched()) {
        send_text(client, "hello");
        expect_bytes(accepted, "hello");
        pass();
    }
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
    CHECK_EQ(event.events, EPOLLIN | EPOLLERR | EPOLLHUP);
    CHECK_EQ(event.data.u64, 8);
    expect_error(twin, ECONNRESET);
    expect_end(client);
    CHECK_EQ(option(accepted, SOL_SOCKET, SO_ERROR), ECONNRESET);
    CHECK_EQ(option(accepted, SOL_SOCKET, SO_ERROR), 0);
    expect_end(accepted);
    if (client6 >= 0) {
        CHECK_EQ(option(client6, SOL_SOCKET, SO_DOMAIN), AF_INET6);
        CHECK_EQ(send(client6, "x", 1, MSG_NOSIGNAL), -1);
        CHECK_EQ(errno, ECONNRESET);
        expect_end(client6);
    }
}

static void local(void) {
    int stream = connect_to_stranger(SOCK_STREAM), packets = connect_to_stranger(SOCK_SEQPACKET);
    send_text(stream, "kept");
    while (!(events_of(stream) & POLLIN)) /* the answer waits to be read */
        poll(NULL, 0, 1);

    ready_and_wait();

    expect_bytes(stream, "kept");
    if (!was_launched()) {
        expect_echo(stream);
        expect_echo(packets);
        pass();
    }
    expect_end(stream);
    CHECK_EQ(events_of(packets) & POLLHUP, POLLHUP);
    expect_end(packets);
}

/* A client that the program itself is, not accepted yet: a launch has an empty queue, and the client a closed connection. */
static void waiting(void) {
    struct name name = {.size = sizeof(sa_family_t), .un = {.sun_family = AF_UNIX}};
    int listener = (int)MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)), client = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(listener, &name.head, name.size));
    MUST(listen(listener, 3));
    name = own_name(listener);
    MUST(connect(client, &name.head, name.size));
    send_text(client, "unheard");

    ready_and_wait();

    if (was_launched()) {
        CHECK_EQ(accept(listener, NULL, NULL), -1);
        CHECK_EQ(errno, EAGAIN);
        expect_end(client);
        serve_once(listener, &name, SOCK_STREAM);
        return;
    }
    int served = (int)MUST(accept(listener, NULL, NULL));
    expect_bytes(served, "unheard");
}

/* Both ends are ours, and somebody else's. */
static void shared(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    start_stranger(ends, true);

    ready_and_wait();

    send_text(ends[0], "still there");
    expect_bytes(ends[1], "still there");
}

static void datagrams(void) {
    struct name name = loopback(AF_INET);
    int server = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), client = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(bind(server, &name.head, name.size));
    name = own_name(server);
    CHECK_EQ(sendto(client, "first", 5, 0, &name.head, name.size), 5);
    CHECK_EQ(sendto(client, "second", 6, 0, &name.head, name.size), 6);

    ready_and_wait();

    if (!was_launched()) {
        expect_bytes(server, "first");
        expect_bytes(server, "second");
    }
    CHECK_EQ(sendto(client, "third", 5, 0, &name.head, name.size), 5);
    expect_bytes(server, "third");
    expect_empty(server);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "connections to elsewhere and datagrams that came, which a launch has lost");
    if (variant_is("tcp"))
        tcp();
    else if (variant_is("unix"))
        local();
    else if (variant_is("waiting"))
        waiting();
    else if (variant_is("shared"))
        shared();
    else
        datagrams();
    pass();
}
