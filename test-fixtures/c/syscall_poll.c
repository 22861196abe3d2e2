/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

/* poll, ppoll, select, pselect and epoll_wait: to their time-out, and until a pipe has a byte. */
enum { TIMEOUT_MS = 1500 };

static int pipe_ends[2], silent_ends[2], epoll_fd, silent_epoll;
static int64_t timeout_ns = TIMEOUT_MS * NS_PER_MS;

static int waited_fd(struct inflight *self) {
    return self->limit_ns ? silent_ends[0] : pipe_ends[0];
}

static void use_poll(struct inflight *self) {
    struct pollfd entry = {.fd = waited_fd(self), .events = POLLIN};
    inflight_result(self, syscall(SYS_poll, &entry, 1, self->limit_ns ? TIMEOUT_MS : -1));
    CHECK_EQ(entry.revents, self->limit_ns ? 0 : POLLIN);
}

static void use_ppoll(struct inflight *self) {
    struct pollfd entry = {.fd = waited_fd(self), .events = POLLIN};
    struct timespec limit = to_timespec(timeout_ns);
    inflight_result(self, ppoll(&entry, 1, self->limit_ns ? &limit : NULL, NULL));
    CHECK_EQ(entry.revents, self->limit_ns ? 0 : POLLIN);
}

/* Linux writes the time that is left back: zero after a time-out. */
static void use_select(struct inflight *self) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(waited_fd(self), &set);
    struct timeval limit = {.tv_sec = 1, .tv_usec = (TIMEOUT_MS - 1000) * 1000};
    inflight_result(self, syscall(SYS_select, waited_fd(self) + 1, &set, NULL, NULL,
                                  self->limit_ns ? &limit : NULL));
    CHECK_EQ(FD_ISSET(waited_fd(self), &set) != 0, self->limit_ns == 0);
    if (self->limit_ns)
        CHECK(limit.tv_sec == 0 && limit.tv_usec == 0, "select left %ld us", (long)limit.tv_usec);
}

static void use_pselect(struct inflight *self) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(waited_fd(self), &set);
    struct timespec limit = to_timespec(timeout_ns);
    inflight_result(self, pselect(waited_fd(self) + 1, &set, NULL, NULL,
                                  self->limit_ns ? &limit : NULL, NULL));
    CHECK_EQ(FD_ISSET(waited_fd(self), &set) != 0, self->limit_ns == 0);
}

static void use_epoll(struct inflight *self, bool with_mask) {
    struct epoll_event events[4] = {{0}};
    sigset_t mask;
    sigemptyset(&mask);
    int fd = self->limit_ns ? silent_epoll : epoll_fd, timeout = self->limit_ns ? TIMEOUT_MS : -1;
    int count = with_mask ? epoll_pwait(fd, events, 4, timeout, &mask)
                          : (int)syscall(SYS_epoll_wait, fd, events, 4, timeout);
    inflight_result(self, count);
    if (count > 0) {
        CHECK_EQ(events[0].events, EPOLLIN);
        CHECK_EQ(events[0].data.u64, 0x1122334455667788);
    }
}

static void use_epoll_wait(struct inflight *self) {
    use_epoll(self, false);
}

static void use_epoll_pwait(struct inflight *self) {
    use_epoll(self, true);
}

static const struct way {
    const char *name;
    void (*body)(struct inflight *self);
    bool epoll;
} ways[] = {
    {"poll", use_poll, false},           {"ppoll", use_ppoll, false},
    {"select", use_select, false},       {"pselect", use_pselect, false},
    {"epoll_wait", use_epoll_wait, true}, {"epoll_pwait", use_epoll_pwait, true},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static int new_epoll(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
    int result = (int)MUST(epoll_create1(0));
    MUST(epoll_ctl(result, EPOLL_CTL_ADD, fd, &event));
    return result;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "poll, select and epoll in flight end by event or by time-out only");
    static struct inflight events[WAYS], timeouts[WAYS];
    bool epoll = variant_is("epoll");
    MUST(pipe(pipe_ends));
    MUST(pipe(silent_ends));
    if (epoll) {
        epoll_fd = new_epoll(pipe_ends[0]);
        silent_epoll = new_epoll(silent_ends[0]);
    }
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].epoll != epoll)
            continue;
        events[i] = (struct inflight){.body = ways[i].body, .nr = -1};
        timeouts[i] = (struct inflight){.body = ways[i].body, .nr = -1, .limit_ns = timeout_ns};
        inflight_start(&events[i]);
        inflight_start(&timeouts[i]);
    }

    ready_and_wait();

    CHECK_EQ(write(pipe_ends[1], "p", 1), 1);
    for (int i = 0; i < WAYS; i++) {
        if (ways[i].epoll != epoll)
            continue;
        inflight_join(&events[i]);
        CHECK(events[i].result == 1, "%s gave %ld, errno %d", ways[i].name, events[i].result,
              events[i].error);
        inflight_join(&timeouts[i]);
        CHECK(timeouts[i].result == 0, "%s with a time-out gave %ld, errno %d", ways[i].name,
              timeouts[i].result, timeouts[i].error);
    }
    pass();
}
