/* SPDX-License-Identifier: Apache-2.0 */
#include "sockets.h"

#include <netinet/udp.h>

/* UDP sockets: bound, connected, neither, and shut down, with every option. */
static struct options kept[6];

static int bound(int family, int flags) {
    struct name name = loopback(family);
    int fd = (int)MUST(socket(family, SOCK_DGRAM | flags, 0));
    MUST(bind(fd, &name.head, name.size));
    return fd;
}

static void check_service(int server, int client, const struct name *server_name) {
    char text[16];
    struct name from = {.size = sizeof from.all};
    CHECK_EQ(sendto(client, "ping", 4, 0, &server_name->head, server_name->size), 4);
    CHECK_EQ(recvfrom(server, text, sizeof text, 0, &from.head, &from.size), 4);
    CHECK_EQ(sendto(server, "pong", 4, 0, &from.head, from.size), 4);
    expect_bytes(client, "pong");
    expect_empty(server);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "UDP sockets: bound, connected, options, shut down");
    int server = bound(AF_INET, SOCK_NONBLOCK | SOCK_CLOEXEC);
    set_option(server, SOL_SOCKET, SO_BROADCAST, 1);
    set_option(server, SOL_SOCKET, SO_RCVBUF, 40000);
    set_option(server, SOL_SOCKET, SO_TIMESTAMP, 1);
    set_option(server, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(server, IPPROTO_IP, IP_RECVTTL, 1);
    set_option(server, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
    set_option(server, IPPROTO_IP, IP_MULTICAST_TTL, 4);
    set_option(server, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    set_option(server, IPPROTO_UDP, UDP_SEGMENT, 1200);
    struct name server_name = own_name(server);
    int client = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0)); /* the kernel chooses its port and address */
    MUST(connect(client, &server_name.head, server_name.size));
    struct name client_name = own_name(client);
    int fresh = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    int half = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(connect(half, &server_name.head, server_name.size));
    MUST(shutdown(half, SHUT_RD));
    int first = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0)), second = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    set_option(first, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(second, SOL_SOCKET, SO_REUSEADDR, 1);
    struct name shared = loopback(AF_INET);
    MUST(bind(first, &shared.head, shared.size));
    shared = own_name(first);
    MUST(bind(second, &shared.head, shared.size));
    int member = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    struct ip_mreqn groups[2] = {{.imr_ifindex = 1}, {.imr_ifindex = 1}};
    groups[0].imr_multiaddr.s_addr = htonl(0xef070707);
    groups[1].imr_multiaddr.s_addr = htonl(0xef070708);
    bool joined = setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &groups[0], sizeof groups[0]) == 0;
    if (joined)
        MUST(setsockopt(member, IPPROTO_IP, IP_ADD_MEMBERSHIP, &groups[1], sizeof groups[1]));
    int six = -1;
    struct name six_name = {.size = 0};
    struct ipv6_mreq group6 = {.ipv6mr_interface = 1};
    MUST(inet_pton(AF_INET6, "ff02::1234", &group6.ipv6mr_multiaddr));
    if (has_ipv6()) {
        six = bound(AF_INET6, 0);
        set_option(six, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set_option(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 6);
        MUST(setsockopt(six, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &group6, sizeof group6));
        six_name = own_name(six);
        read_options(six, &kept[2]);
    }
    read_options(server, &kept[0]);
    read_options(client, &kept[1]);

    ready_and_wait();

    check_name(server, &server_name);
    check_name(client, &client_name);
    check_name(first, &shared);
    check_name(second, &shared);
    check_options(server, &kept[0]);
    check_options(client, &kept[1]);
    CHECK_EQ(fcntl(server, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_EQ(fcntl(server, F_GETFD), FD_CLOEXEC);
    set_option(server, IPPROTO_UDP, UDP_SEGMENT, 0);
    struct name peer = {.size = sizeof peer.all};
    MUST(getpeername(client, &peer.head, &peer.size));
    CHECK_EQ(peer.in.sin_port, server_name.in.sin_port);
    send_text(client, "connected");
    expect_bytes(server, "connected");
    check_service(server, fresh, &server_name);
    CHECK_EQ(events_of(half) & POLLRDHUP, POLLRDHUP);
    CHECK_EQ(events_of(client) & (POLLRDHUP | POLLHUP), 0);
    if (joined) { /* leaving proves it */
        MUST(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &groups[0], sizeof groups[0]));
        MUST(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &groups[1], sizeof groups[1]));
        CHECK_EQ(setsockopt(member, IPPROTO_IP, IP_DROP_MEMBERSHIP, &groups[1], sizeof groups[1]), -1);
    }
    if (six >= 0) {
        MUST(setsockopt(six, IPPROTO_IPV6, IPV6_DROP_MEMBERSHIP, &group6, sizeof group6));
        check_name(six, &six_name);
        check_options(six, &kept[2]);
        int other = (int)MUST(socket(AF_INET6, SOCK_DGRAM, 0));
        check_service(six, other, &six_name);
    }
    pass();
}
