/* SPDX-License-Identifier: Apache-2.0 */
#include "../sockets.h"
#include "stress.h"

/* Below the ports that connect and bind(0) give out (net.ipv4.ip_local_port_range): those may be taken between a capture and a launch. */
enum { FIRST = 20000, PORTS = 12000, TRIES = 1000 };

void bind_to_port(int fd, const struct name *address) {
    static uint64_t seed;
    for (int i = 0; i < TRIES; i++) {
        struct name name = *address;
        uint64_t random = pattern_word((uint64_t)life() << 32 | (uint64_t)now_ns(CLOCK_MONOTONIC) % NS_PER_S, seed++);
        name.in.sin_port = htons((uint16_t)(FIRST + random % PORTS)); /* at the same place in sin6_port */
        if (bind(fd, &name.head, name.size) == 0)
            return;
        CHECK(errno == EADDRINUSE, "bind: errno %d", errno);
    }
    fail("no port is free");
}
