/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <fcntl.h>

/* Interest in pipes and an eventfd with data words, edge triggering and one-shot. */
static void add(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void expect(int epoll, uint32_t events, uint64_t data) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
    CHECK_EQ(event.events, events);
    CHECK_EQ(event.data.u64, data);
}

static void expect_nothing(int epoll) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "epoll interest lists: events, data words, edge, one-shot, nesting");
    int level[2], edge[2], once[2];
    MUST(pipe(level));
    MUST(pipe(edge));
    MUST(pipe(once));
    int event = (int)MUST(eventfd(0, 0));
    int levels = (int)MUST(epoll_create1(EPOLL_CLOEXEC)), edges = (int)MUST(epoll_create1(0));
    int onces = (int)MUST(epoll_create1(0)), outer = (int)MUST(epoll_create1(0));
    int events = (int)MUST(epoll_create1(0));
    add(levels, level[0], EPOLLIN, 0xdeadbeefcafe0001);
    add(edges, edge[0], EPOLLIN | EPOLLET, 0xdeadbeefcafe0002);
    add(onces, once[0], EPOLLIN | EPOLLONESHOT, 0xdeadbeefcafe0003);
    add(events, event, EPOLLIN, 0xdeadbeefcafe0004);
    add(outer, events, EPOLLIN, 0xdeadbeefcafe0005);
    CHECK_EQ(write(level[1], "1", 1), 1);
    int twin = (int)MUST(dup(levels));

    ready_and_wait();

    CHECK_EQ(fcntl(levels, F_GETFD), FD_CLOEXEC);
    expect(levels, EPOLLIN, 0xdeadbeefcafe0001);
    expect(twin, EPOLLIN, 0xdeadbeefcafe0001);
    expect_nothing(edges);
    CHECK_EQ(write(edge[1], "2", 1), 1);
    expect(edges, EPOLLIN, 0xdeadbeefcafe0002);
    expect_nothing(edges);
    expect_nothing(onces);
    CHECK_EQ(write(once[1], "3", 1), 1);
    expect(onces, EPOLLIN, 0xdeadbeefcafe0003);
    CHECK_EQ(write(once[1], "3", 1), 1);
    expect_nothing(onces);
    expect_nothing(outer);
    uint64_t one = 1;
    CHECK_EQ(write(event, &one, 8), 8);
    expect(outer, EPOLLIN, 0xdeadbeefcafe0005);
    expect(events, EPOLLIN, 0xdeadbeefcafe0004);
    struct epoll_event unused = {0};
    CHECK_EQ(epoll_ctl(levels, EPOLL_CTL_ADD, level[0], &unused), -1);
    CHECK_EQ(errno, EEXIST);
    MUST(epoll_ctl(levels, EPOLL_CTL_DEL, level[0], &unused));
    expect_nothing(levels);
    pass();
}
