/* SPDX-License-Identifier: Apache-2.0 */
#include "../sockets.h"
#include "stress.h"

/* UDP sockets, bound and connected, IPv4 and IPv6. Datagrams that wait at the capture are lost (--allow lost-datagrams), no others. */
enum { RESTING = 28 };

static struct flow {
    int sender, receiver;
    bool connected;
    volatile uint64_t sent, received; /* of the two ends, which may differ by what was lost */
} flows[2];
static struct resting {
    int fd;
    struct name name, peer;
} resting[RESTING];

struct datagram {
    uint64_t sequence;
    uint64_t body[30];
};

static void set_timeout(int fd, int ms) {
    struct timeval limit = {.tv_usec = ms * 1000};
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
}

/* What was under way at a launch is lost: the sender does not wait for it. */
static void send_datagrams(struct worker *self) {
    struct flow *flow = self->argument;
    struct name name = own_name(flow->receiver);
    uint64_t forgiven = 0;
    for (pid_t last_life = life(); !stopping(); step(self)) {
        if (life() != last_life)
            forgiven = flow->sent - flow->received;
        last_life = life();
        if (flow->sent > flow->received + forgiven + 32) /* the queue is not without end */
            continue;
        struct datagram datagram = {.sequence = flow->sent};
        fill_pattern(datagram.body, sizeof datagram.body, flow->sent++);
        ssize_t size = flow->connected ? send(flow->sender, &datagram, sizeof datagram, 0)
                                       : sendto(flow->sender, &datagram, sizeof datagram, 0, &name.head, name.size);
        CHECK_EQ(size, sizeof datagram);
    }
}

/* A gap is allowed once for each launch: in what comes first to a recv that ended in the new life. */
static void receive_datagrams(struct worker *self) {
    struct flow *flow = self->argument;
    pid_t whole_life = life();
    while (!stopping()) {
        struct datagram datagram;
        pid_t before = life();
        ssize_t size = recv(flow->receiver, &datagram, sizeof datagram, 0);
        if (size < 0) {
            CHECK(errno == EAGAIN, "recv: errno %d", errno);
            continue;
        }
        CHECK_EQ(size, sizeof datagram);
        CHECK(datagram.sequence == flow->received || (datagram.sequence > flow->received && life() != whole_life),
              "datagram %llu instead of %llu", (unsigned long long)datagram.sequence, (unsigned long long)flow->received);
        check_pattern(datagram.body, sizeof datagram.body, datagram.sequence, "datagram");
        whole_life = before;
        flow->received = datagram.sequence + 1;
        step(self);
    }
}

static int bound(int family) {
    struct name name = loopback(family);
    int fd = hold(socket(family, SOCK_DGRAM, 0));
    bind_to_port(fd, &name);
    return fd;
}

static void connect_to(int fd, int other) {
    struct name name = own_name(other);
    MUST(connect(fd, &name.head, name.size));
}

static void set_up(void) {
    int second = has_ipv6() ? AF_INET6 : AF_INET;
    for (int i = 0; i < 2; i++) {
        flows[i] = (struct flow){.sender = bound(i ? second : AF_INET), .receiver = bound(i ? second : AF_INET), .connected = i};
        set_timeout(flows[i].receiver, 50);
        if (i)
            connect_to(flows[i].sender, flows[i].receiver);
        start_worker("send datagrams", send_datagrams, &flows[i]);
        start_worker("receive datagrams", receive_datagrams, &flows[i]);
    }
    for (int i = 0; i < RESTING; i++) {
        resting[i].fd = bound(i % 2 ? second : AF_INET);
        resting[i].peer.size = 0;
        set_option(resting[i].fd, SOL_SOCKET, SO_BROADCAST, i % 3 == 0);
        if (i >= 14) {
            connect_to(resting[i].fd, resting[i - 14].fd);
            resting[i].peer = own_name(resting[i - 14].fd);
        }
        resting[i].name = own_name(resting[i].fd);
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        check_name(resting[i].fd, &resting[i].name);
        CHECK_EQ(option(resting[i].fd, SOL_SOCKET, SO_BROADCAST), i % 3 == 0);
        expect_empty(resting[i].fd);
        if (resting[i].peer.size == 0)
            continue;
        struct name peer = {.size = sizeof peer.all};
        MUST(getpeername(resting[i].fd, &peer.head, &peer.size));
        CHECK(peer.size == resting[i].peer.size && memcmp(&peer.all, &resting[i].peer.all, peer.size) == 0, "descriptor %d has another peer",
              resting[i].fd);
        send_text(resting[i].fd, "hello");
        expect_bytes(resting[i - 14].fd, "hello");
    }
}

const struct stress_kind stress_datagrams = {.name = "datagrams", .set_up = set_up, .verify = verify};
