/* SPDX-License-Identifier: Apache-2.0 */
/* What the fixtures about sockets share. */
#ifndef UNDUMP_FIXTURE_SOCKETS_H
#define UNDUMP_FIXTURE_SOCKETS_H

#include "fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

struct name {
    union {
        struct sockaddr head;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
        struct sockaddr_storage all;
    };
    socklen_t size;
};

static inline struct name own_name(int fd) {
    struct name name = {.size = sizeof name.all};
    memset(&name.all, 0, sizeof name.all);
    MUST(getsockname(fd, &name.head, &name.size));
    return name;
}

static inline void check_name(int fd, const struct name *expected) {
    struct name found = own_name(fd);
    CHECK_EQ(found.size, expected->size);
    CHECK(memcmp(&found.all, &expected->all, expected->size) == 0, "descriptor %d has another name", fd);
}

static inline struct name loopback(int family) {
    struct name name = {.size = family == AF_INET ? sizeof name.in : sizeof name.in6};
    memset(&name.all, 0, sizeof name.all);
    name.all.ss_family = (sa_family_t)family;
    if (family == AF_INET)
        name.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        name.in6.sin6_addr = in6addr_loopback;
    return name;
}

static inline bool has_ipv6(void) {
    struct name name = loopback(AF_INET6);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool bound = fd >= 0 && bind(fd, &name.head, name.size) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

static inline int option(int fd, int level, int number) {
    int value = 0;
    socklen_t size = sizeof value;
    MUST(getsockopt(fd, level, number, &value, &size));
    return value;
}

static inline void set_option(int fd, int level, int number, int value) {
    MUST(setsockopt(fd, level, number, &value, sizeof value));
}

static inline short events_of(int fd) {
    struct pollfd state = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP};
    MUST(poll(&state, 1, 0));
    return state.revents;
}

static inline void expect_bytes(int fd, const char *expected) {
    char found[4096] = "";
    size_t length = strlen(expected);
    CHECK_EQ(recv(fd, found, sizeof found - 1, 0), (long long)length);
    CHECK(memcmp(found, expected, length) == 0, "descriptor %d gave '%s' instead of '%s'", fd, found, expected);
}

static inline void send_text(int fd, const char *text) {
    CHECK_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), (long long)strlen(text));
}

static inline void expect_empty(int fd) {
    char byte;
    CHECK_EQ(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, EAGAIN);
}

/* A client that connects to NAME, an accepted connection, and bytes both ways. The client ends first, so that the name is free. */
static inline void serve_once(int listener, const struct name *name, int type) {
    int client = (int)MUST(socket(name->head.sa_family, type, 0));
    MUST(connect(client, &name->head, name->size));
    int server = accept(listener, NULL, NULL);
    for (int tries = 0; server < 0 && errno == EAGAIN && tries < 1000; tries++) {
        struct pollfd wait = {.fd = listener, .events = POLLIN};
        poll(&wait, 1, 10);
        server = accept(listener, NULL, NULL);
    }
    CHECK(server >= 0, "accept: errno %d", errno);
    send_text(client, "question");
    expect_bytes(server, "question");
    send_text(server, "answer");
    expect_bytes(client, "answer");
    MUST(close(client));
    char byte;
    CHECK_EQ(recv(server, &byte, 1, 0), 0);
    MUST(close(server));
}

/*
 * Every option that getsockopt tells, whatever it means. Left out is what the kernel changes by itself and what tells of a moment.
 */
struct options {
    struct {
        int size; /* -1: it tells nothing */
        unsigned char value[64];
    } all[5][112];
};

static const int option_levels[5] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_UDP};

static inline bool is_momentary(int level, int number) {
    static const int socket_ones[] = {4 /* ERROR */, 17 /* PEERCRED */, 30 /* ACCEPTCONN */, 49 /* INCOMING_CPU */,
                                      55 /* MEMINFO */, 56 /* NAPI_ID */, 57 /* COOKIE */, 59 /* PEERGROUPS */,
                                      77 /* PEERPIDFD */};
    static const int tcp_ones[] = {11 /* INFO */, 12 /* QUICKACK */, 24 /* TIMESTAMP */, 26 /* CC_INFO */,
                                   33 /* FASTOPEN_KEY */, 35 /* ZEROCOPY_RECEIVE */};
    for (size_t i = 0; level == SOL_SOCKET && i < sizeof socket_ones / sizeof socket_ones[0]; i++)
        if (socket_ones[i] == number)
            return true;
    for (size_t i = 0; level == IPPROTO_TCP && i < sizeof tcp_ones / sizeof tcp_ones[0]; i++)
        if (tcp_ones[i] == number)
            return true;
    return false;
}

static inline void read_options(int fd, struct options *ret) {
    memset(ret, 0, sizeof *ret);
    for (int i = 0; i < 5; i++)
        for (int number = 0; number < 112; number++) {
            socklen_t size = sizeof ret->all[i][number].value;
            bool told = !is_momentary(option_levels[i], number) &&
                        getsockopt(fd, option_levels[i], number, ret->all[i][number].value, &size) == 0;
            ret->all[i][number].size = told ? (int)size : -1;
        }
}

static inline void check_options(int fd, const struct options *expected) {
    static struct options found;
    read_options(fd, &found);
    for (int i = 0; i < 5; i++)
        for (int number = 0; number < 112; number++) {
            int size = expected->all[i][number].size;
            CHECK(found.all[i][number].size == size, "option %d of level %d of descriptor %d has %d bytes, not %d", number,
                  option_levels[i], fd, found.all[i][number].size, size);
            CHECK(size < 0 || memcmp(found.all[i][number].value, expected->all[i][number].value, (size_t)size) == 0,
                  "option %d of level %d of descriptor %d begins with %d, not %d", number, option_levels[i], fd,
                  found.all[i][number].value[0], expected->all[i][number].value[0]);
        }
}

#endif
