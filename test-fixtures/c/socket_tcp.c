/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

/* TCP sockets without a connection: listening, bound, and neither, with every option and flag. */
enum { SOCKETS = 12 };

static struct kept {
    int fd;
    struct name name;
    struct options options;
    int flags, descriptor_flags;
} kept[SOCKETS];
static size_t count;

static int keep(int fd) {
    struct kept *socket = &kept[count++];
    socket->fd = fd;
    socket->name = own_name(fd);
    socket->flags = (int)MUST(fcntl(fd, F_GETFL));
    socket->descriptor_flags = (int)MUST(fcntl(fd, F_GETFD));
    read_options(fd, &socket->options);
    return fd;
}

static void check_kept(void) {
    for (size_t i = 0; i < count; i++) {
        check_name(kept[i].fd, &kept[i].name);
        CHECK_EQ(fcntl(kept[i].fd, F_GETFL), kept[i].flags);
        CHECK_EQ(fcntl(kept[i].fd, F_GETFD), kept[i].descriptor_flags);
        check_options(kept[i].fd, &kept[i].options);
    }
}

static int make(int family, int flags) {
    int fd = (int)MUST(socket(family, SOCK_STREAM | flags, 0));
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    return fd;
}

static int bound(int fd, struct name name) {
    MUST(bind(fd, &name.head, name.size));
    return fd;
}

static int listening(int fd, struct name name, int backlog) {
    bound(fd, name);
    MUST(listen(fd, backlog));
    return fd;
}

static int backlog_of(int fd) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    MUST(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size));
    return (int)info.tcpi_sacked;
}

static void set_many_options(int fd) {
    struct linger linger = {1, 7};
    struct timeval wait = {3, 250000};
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, SOL_SOCKET, SO_RCVBUF, 30000);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, 50000);
    set_option(fd, SOL_SOCKET, SO_PRIORITY, 3);
    MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait));
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 11);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 12345);
    set_option(fd, IPPROTO_TCP, TCP_MAXSEG, 900);
    set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, 5);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384);
    set_option(fd, IPPROTO_IP, IP_TOS, 0x10);
    set_option(fd, IPPROTO_IP, IP_TTL, 33);
    set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
}

static void *wait_for_client(void *listener) {
    int server = (int)MUST(accept(*(int *)listener, NULL, NULL));
    expect_bytes(server, "hello");
    MUST(close(server));
    return NULL;
}

/* What Go's servers use since 1.24. */
static void serve_multipath(void) {
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
    if (fd < 0)
        skip("this kernel has no MPTCP");
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    keep(listening(fd, loopback(AF_INET), 9));

    ready_and_wait();

    check_kept();
    CHECK_EQ(option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_MPTCP);
    serve_once(fd, &kept[0].name, SOCK_STREAM);
    pass();
}

/* An image may have been given another port: then the socket's own name tells it. */
static void serve_anywhere(void) {
    int fd = listening(make(AF_INET, 0), loopback(AF_INET), 7);

    ready_and_wait();

    struct name name = own_name(fd);
    say("port %d\n", ntohs(name.in.sin_port));
    serve_once(fd, &name, SOCK_STREAM);
    pass();
}

int main(int argc, char **argv) {
    static int waited_for;
    fixture_begin(argc, argv, "TCP sockets without a connection: names, listening, options, flags");
    if (variant_is("multipath"))
        serve_multipath();
    if (variant_is("anywhere"))
        serve_anywhere();
    struct name any = {.size = sizeof any.in, .in = {.sin_family = AF_INET}};
    int plain = keep(listening(make(AF_INET, SOCK_NONBLOCK), loopback(AF_INET), 7));
    int tuned = make(AF_INET, SOCK_CLOEXEC);
    set_many_options(tuned);
    keep(listening(tuned, any, 100));
    int twin = (int)MUST(dup(tuned));
    int idle = keep(bound(make(AF_INET, 0), loopback(AF_INET)));
    int fresh = keep((int)MUST(socket(AF_INET, SOCK_STREAM, 0)));
    int first = make(AF_INET, 0), second = make(AF_INET, 0);
    set_option(first, SOL_SOCKET, SO_REUSEPORT, 1);
    set_option(second, SOL_SOCKET, SO_REUSEPORT, 1);
    keep(listening(first, loopback(AF_INET), 3));
    keep(listening(second, kept[count - 1].name, 4));
    int six = -1, only = -1, four = -1;
    if (has_ipv6()) {
        struct name any6 = {.size = sizeof any6.in6, .in6 = {.sin6_family = AF_INET6}};
        six = keep(listening(make(AF_INET6, 0), loopback(AF_INET6), 20));
        only = make(AF_INET6, SOCK_NONBLOCK);
        set_option(only, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        set_option(only, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 9);
        set_option(only, IPPROTO_IPV6, IPV6_TCLASS, 8);
        keep(listening(only, any6, 30));
        any.in.sin_port = kept[count - 1].name.in6.sin6_port; /* the same port, which v6only leaves to others */
        four = keep(listening(make(AF_INET, 0), any, 31));
    }
    int epoll = (int)MUST(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1234567890};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, plain, &event));
    waited_for = listening(make(AF_INET, 0), loopback(AF_INET), 5);
    struct name waited_name = own_name(waited_for);
    pthread_t thread = start_thread(wait_for_client, &waited_for);

    ready_and_wait();

    check_kept();
    CHECK_EQ(backlog_of(plain), 7);
    CHECK_EQ(backlog_of(tuned), 100);
    CHECK_EQ(backlog_of(first), 3);
    CHECK_EQ(backlog_of(second), 4);
    CHECK_EQ(option(idle, SOL_SOCKET, SO_ACCEPTCONN), 0);
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
    serve_once(plain, &kept[0].name, SOCK_STREAM);
    struct name there = kept[1].name;
    there.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    serve_once(twin, &there, SOCK_STREAM);
    MUST(fcntl(twin, F_SETFL, O_NONBLOCK));
    CHECK_EQ(fcntl(tuned, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    MUST(listen(idle, 1));
    serve_once(idle, &kept[2].name, SOCK_STREAM);
    CHECK_EQ(connect(fresh, &waited_name.head, waited_name.size), 0);
    send_text(fresh, "hello");
    join_thread(thread);
    if (six >= 0) {
        CHECK_EQ(backlog_of(only), 30);
        serve_once(six, &kept[6].name, SOCK_STREAM);
        struct name there6 = kept[7].name;
        there6.in6.sin6_addr = in6addr_loopback;
        serve_once(only, &there6, SOCK_STREAM);
        there.in.sin_port = there6.in6.sin6_port;
        serve_once(four, &there, SOCK_STREAM);
    }
    int client = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(client, &kept[0].name.head, kept[0].name.size));
    CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
    CHECK_EQ(event.data.u64, 0x1234567890);
    pass();
}
