/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/*
 * Epoll sets with every flag, alone and together, as the kernel tells them in fdinfo; what an exclusive item wakes; sets in sets.
 */
static const uint32_t flags[] = {0,
                                 EPOLLIN,
                                 EPOLLIN | EPOLLET,
                                 EPOLLOUT | EPOLLRDHUP,
                                 EPOLLIN | EPOLLONESHOT,
                                 EPOLLIN | EPOLLONESHOT | EPOLLET,
                                 EPOLLIN | EPOLLEXCLUSIVE,
                                 EPOLLIN | EPOLLOUT | EPOLLEXCLUSIVE | EPOLLET,
                                 EPOLLPRI | EPOLLWAKEUP,
                                 EPOLLIN | EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLET,
                                 EPOLLRDNORM | EPOLLRDBAND | EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG};
enum { SETS = sizeof flags / sizeof flags[0] };

static uint64_t data_of(int set) {
    return 0xfedcba9876543210 ^ (uint64_t)set << 60;
}

static void add(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

/* What the kernel has of the only item: it may have left out EPOLLWAKEUP, which needs a right. */
static uint32_t told_events(int epoll, int fd, uint64_t data) {
    char path[64], text[512];
    int found_fd;
    unsigned events;
    unsigned long long found;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll);
    int info = (int)MUST(open(path, O_RDONLY));
    ssize_t size = MUST(read(info, text, sizeof text - 1));
    MUST(close(info));
    text[size] = 0;
    const char *line = strstr(text, "tfd:");
    CHECK(line && sscanf(line, "tfd: %d events: %x data: %llx", &found_fd, &events, &found) == 3, "fdinfo says %s", text);
    CHECK_EQ(found_fd, fd);
    CHECK(found == data, "data word %llx instead of %llx", found, (unsigned long long)data);
    return events;
}

static int events_now(int epoll, struct epoll_event *event) {
    return (int)MUST(epoll_wait(epoll, event, 1, 0));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "epoll sets with every flag, and four deep");
    int bell = (int)MUST(eventfd(0, EFD_NONBLOCK)), sets[SETS], nested[4];
    uint32_t told[SETS];
    for (int i = 0; i < SETS; i++) {
        sets[i] = (int)MUST(epoll_create1(0));
        add(sets[i], bell, flags[i], data_of(i));
        told[i] = told_events(sets[i], bell, data_of(i));
    }
    for (int i = 0; i < 4; i++) {
        nested[i] = (int)MUST(epoll_create1(0));
        add(nested[i], i ? nested[i - 1] : bell, EPOLLIN, UINT64_MAX - (uint64_t)i);
    }

    ready_and_wait();

    struct epoll_event event;
    for (int i = 0; i < SETS; i++)
        CHECK_EQ(told_events(sets[i], bell, data_of(i)), told[i]);
    CHECK_EQ(events_now(nested[3], &event), 0);
    uint64_t one = 1;
    CHECK_EQ(write(bell, &one, 8), 8);
    for (int i = 3; i >= 0; i--) {
        CHECK_EQ(events_now(nested[i], &event), 1);
        CHECK(event.data.u64 == UINT64_MAX - (uint64_t)i, "data word %llx", (unsigned long long)event.data.u64);
    }
    for (int i = 0; i < SETS; i++) {
        uint32_t expected = flags[i] & (EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM) & (EPOLLIN | EPOLLOUT);
        bool exclusive = flags[i] & EPOLLEXCLUSIVE;
        if (expected == 0)
            continue;
        CHECK(events_now(sets[i], &event) == 1, "set %d does not tell of the bell", i);
        CHECK_EQ(event.events & (EPOLLIN | EPOLLOUT), expected);
        CHECK(event.data.u64 == data_of(i), "data word %llx", (unsigned long long)event.data.u64);
        CHECK_EQ(events_now(sets[i], &event), flags[i] & (EPOLLET | EPOLLONESHOT) ? 0 : 1);
        CHECK_EQ(epoll_ctl(sets[i], EPOLL_CTL_MOD, bell, &(struct epoll_event){.events = EPOLLIN}), exclusive ? -1 : 0);
    }
    pass();
}
