/* SPDX-License-Identifier: Apache-2.0 */
#include "../sockets.h"
#include "stress.h"

#include <stdio.h>
#include <sys/epoll.h>

/* Listening sockets of all families: threads wait in accept, poll and epoll on some; the others rest. At the end each serves a client. */
enum { LISTENERS = 36, SERVERS = 4, FRESH = 8 };

static struct listener {
    int fd;
    int type;
    struct name name;
    const struct options *options;
} listeners[LISTENERS];
static int count, fresh[FRESH], epoll;
static struct options resting_options;

static void add(int family, int type, struct name name, int reuse) {
    struct listener *self = &listeners[count++];
    *self = (struct listener){.fd = hold(socket(family, type, 0)), .type = type};
    if (reuse)
        set_option(self->fd, SOL_SOCKET, reuse, 1);
    if (family == AF_INET6)
        set_option(self->fd, IPPROTO_IPV6, IPV6_V6ONLY, count % 2);
    if (family == AF_UNIX || name.in.sin_port)
        MUST(bind(self->fd, &name.head, name.size));
    else
        bind_to_port(self->fd, &name);
    MUST(listen(self->fd, 4 + count));
    self->name = own_name(self->fd);
}

static struct name unix_name(bool abstract, int number) {
    struct name name = {.size = 0};
    memset(&name.all, 0, sizeof name.all);
    name.un.sun_family = AF_UNIX;
    char *text = name.un.sun_path + abstract;
    int length = abstract ? snprintf(text, 64, "undump-stress/%d/%d", (int)life(), number) : snprintf(text, 64, "listener-%d", number);
    name.size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
    if (!abstract)
        unlink(text);
    return name;
}

static int accept_by_poll(int fd) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&ready, 1, -1), 1);
    return accept(fd, NULL, NULL);
}

static int accept_by_epoll(int fd) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(epoll, &event, 1, -1), 1);
    CHECK_EQ(event.data.fd, fd);
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

static int accept_by_waiting(int fd) {
    return accept(fd, NULL, NULL);
}

static void serve(struct worker *self) {
    static int (*const ways[])(int) = {accept_by_waiting, accept_by_poll, accept_by_epoll, accept_by_waiting};
    const struct listener *listener = self->argument;
    int client = ways[(listener - listeners) % 4](listener->fd);
    CHECK(client >= 0, "accept of descriptor %d: errno %d", listener->fd, errno);
    expect_bytes(client, "question");
    send_text(client, "answer");
    MUST(close(client));
}

static void set_up(void) {
    bool ipv6 = has_ipv6();
    struct name anywhere = loopback(AF_INET6); /* one address alone would set IPV6_V6ONLY */
    anywhere.in6.sin6_addr = in6addr_any;
    for (int i = 0; i < 6; i++)
        add(AF_INET, SOCK_STREAM, loopback(AF_INET), SO_REUSEADDR);
    for (int i = 0; i < 6; i++)
        add(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, ipv6 ? anywhere : loopback(AF_INET), SO_REUSEADDR);
    add(AF_INET, SOCK_STREAM, loopback(AF_INET), SO_REUSEPORT);
    for (int i = 0; i < 3; i++)
        add(AF_INET, SOCK_STREAM, listeners[12].name, SO_REUSEPORT);
    for (int i = 0; i < 10; i++)
        add(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, unix_name(false, i), 0);
    for (int i = 0; i < 10; i++)
        add(AF_UNIX, i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, unix_name(true, i), 0);
    CHECK_EQ(count, LISTENERS);
    epoll = hold(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listeners[2].fd};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, listeners[2].fd, &event));
    start_worker("accept", serve, &listeners[0])->waits_for_the_end = true;
    start_worker("poll and accept", serve, &listeners[1])->waits_for_the_end = true;
    start_worker("epoll and accept", serve, &listeners[2])->waits_for_the_end = true;
    start_worker("accept of IPv6", serve, &listeners[7])->waits_for_the_end = true;
    for (int i = 0; i < FRESH; i++) {
        fresh[i] = hold(socket(i % 2 ? AF_INET : AF_UNIX, i % 4 < 2 ? SOCK_STREAM : SOCK_DGRAM, 0));
        set_option(fresh[i], SOL_SOCKET, SO_RCVLOWAT, 2 + i);
    }
    read_options(listeners[5].fd, &resting_options);
}

/* The workers wait for this one. */
static void wake_servers(void) {
    static const int served[SERVERS] = {0, 1, 2, 7};
    for (int i = 0; i < SERVERS; i++) {
        const struct name *name = &listeners[served[i]].name;
        int client = (int)MUST(socket(name->head.sa_family, SOCK_STREAM, 0));
        MUST(connect(client, &name->head, name->size));
        send_text(client, "question");
        expect_bytes(client, "answer");
        MUST(close(client));
    }
}

/* Any of a group of SO_REUSEPORT may get the client. */
static void serve_by_group(void) {
    for (int i = 12; i < 16; i++) {
        CHECK_EQ(option(listeners[i].fd, SOL_SOCKET, SO_REUSEPORT), 1);
        int client = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
        MUST(connect(client, &listeners[12].name.head, listeners[12].name.size));
        struct pollfd group[4];
        for (int k = 0; k < 4; k++)
            group[k] = (struct pollfd){.fd = listeners[12 + k].fd, .events = POLLIN};
        CHECK_EQ(poll(group, 4, 5000), 1);
        for (int k = 0; k < 4; k++)
            if (group[k].revents)
                MUST(close((int)MUST(accept(group[k].fd, NULL, NULL))));
        MUST(close(client));
    }
}

static void verify(void) {
    check_options(listeners[5].fd, &resting_options);
    serve_by_group();
    for (int i = 0; i < count; i++) {
        check_name(listeners[i].fd, &listeners[i].name);
        CHECK_EQ(option(listeners[i].fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
        if (listeners[i].name.head.sa_family == AF_INET6)
            CHECK_EQ(option(listeners[i].fd, IPPROTO_IPV6, IPV6_V6ONLY), (i + 1) % 2);
        if (i < 12 || i >= 16)
            serve_once(listeners[i].fd, &listeners[i].name, listeners[i].type);
    }
    for (int i = 0; i < FRESH; i++)
        CHECK_EQ(option(fresh[i], SOL_SOCKET, SO_RCVLOWAT), 2 + i);
}

const struct stress_kind stress_sockets = {.name = "sockets", .set_up = set_up, .verify = verify, .end = wake_servers};
