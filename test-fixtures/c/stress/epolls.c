/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* A producer rings eventfds; consumers hear of them by epoll sets of all triggers, nested ones too. Others rest, and are read in fdinfo. */
enum { SETS = 4, BELLS = 4, RESTING = 16, ITEMS_MOST = 8 };

static const uint32_t triggers[SETS] = {EPOLLIN, EPOLLIN | EPOLLET, EPOLLIN | EPOLLONESHOT, EPOLLIN | EPOLLEXCLUSIVE};

static struct set {
    int inner, outer; /* outer watches inner */
    int bells[BELLS];
    uint32_t trigger;
    volatile uint64_t rung, heard;
    volatile bool ended;
} sets[SETS];

static struct item {
    int fd;
    uint32_t events;
    uint64_t data;
} expected[RESTING][ITEMS_MOST];
static int resting[RESTING];

static uint64_t data_of(int set, int bell) {
    return 0xdeadbeef00000000 | (uint64_t)set << 16 | (uint64_t)bell;
}

static void control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    MUST(epoll_ctl(epoll, operation, fd, &event));
}

static void ring(struct worker *self) {
    struct set *set = self->argument;
    for (; !stopping(); step(self)) {
        uint64_t count = 1 + random_below(self, 3);
        if (set->rung > set->heard + 50)
            continue;
        __atomic_add_fetch(&set->rung, count, __ATOMIC_SEQ_CST);
        CHECK_EQ(write(set->bells[random_below(self, BELLS)], &count, 8), 8);
    }
    set->ended = true;
}

static void hear(struct set *set, const struct epoll_event *event) {
    int bell = (int)(event->data.u64 & 0xffff);
    uint64_t count;
    CHECK(bell < BELLS && event->data.u64 == data_of((int)(set - sets), bell), "data word %llx", (unsigned long long)event->data.u64);
    CHECK_EQ(event->events, EPOLLIN);
    ssize_t size = read(set->bells[bell], &count, 8);
    if (size == 8)
        set->heard += count;
    else /* a ring may be heard of once more when it was read with the one before; level triggered ones tell the truth */
        CHECK(errno == EAGAIN && set->trigger & EPOLLET, "an event, and nothing to read: errno %d", errno);
    CHECK(set->heard <= set->rung, "more heard than rung");
    if (set->trigger & EPOLLONESHOT)
        control(set->inner, EPOLL_CTL_MOD, set->bells[bell], set->trigger, event->data.u64);
}

static void listen_to_bells(struct worker *self) {
    struct set *set = self->argument;
    while (!set->ended || set->heard < set->rung) {
        struct epoll_event events[BELLS], outer;
        bool nested = random_below(self, 2);
        int found = nested ? epoll_pwait(set->outer, &outer, 1, 50, NULL) : 0;
        CHECK(found >= 0, "epoll_pwait: errno %d", errno);
        CHECK(found == 0 || outer.data.u64 == data_of(99, 0), "data word %llx of a nested set", (unsigned long long)outer.data.u64);
        found = epoll_wait(set->inner, events, BELLS, nested ? 0 : 50);
        CHECK(found >= 0, "epoll_wait: errno %d", errno);
        for (int i = 0; i < found; i++)
            hear(set, &events[i]);
        if (found)
            step(self);
    }
}

static int compare(const void *one, const void *other) {
    return ((const struct item *)one)->fd - ((const struct item *)other)->fd;
}

static void read_items(int epoll, struct item items[ITEMS_MOST]) {
    char path[64], text[4096], *save = NULL;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll);
    int fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC)), count = 0;
    ssize_t size = MUST(read(fd, text, sizeof text - 1));
    close(fd);
    text[size] = 0;
    memset(items, 0, ITEMS_MOST * sizeof *items);
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        unsigned long long data;
        if (sscanf(line, "tfd: %d events: %x data: %llx", &items[count].fd, &items[count].events, &data) == 3)
            items[count++].data = data;
        CHECK(count < ITEMS_MOST, "too many items");
    }
    qsort(items, (size_t)count, sizeof *items, compare); /* the kernel's order is that of its memory */
}

static void set_up_resting(void) {
    static const uint32_t events[] = {EPOLLIN, EPOLLIN | EPOLLET, EPOLLOUT | EPOLLRDHUP, EPOLLIN | EPOLLEXCLUSIVE, EPOLLPRI | EPOLLWAKEUP,
                                      EPOLLIN | EPOLLOUT | EPOLLET | EPOLLEXCLUSIVE | EPOLLWAKEUP, EPOLLRDNORM | EPOLLMSG, 0};
    int bell = hold(eventfd(0, 0)), others[2];
    MUST(pipe(others));
    int pipes[2] = {hold(others[0]), hold(others[1])};
    for (int i = 0; i < RESTING; i++) {
        resting[i] = hold(epoll_create1(0));
        control(resting[i], EPOLL_CTL_ADD, bell, events[i % 8], 0xfedcba9876543210 + (uint64_t)i);
        control(resting[i], EPOLL_CTL_ADD, pipes[0], EPOLLIN | EPOLLONESHOT, UINT64_MAX - (uint64_t)i);
        control(resting[i], EPOLL_CTL_ADD, pipes[1], EPOLLIN | EPOLLET, (uint64_t)i);
        if (i % 4) /* four deep */
            control(resting[i], EPOLL_CTL_ADD, resting[i - 1], EPOLLIN | (i % 2 ? EPOLLET : 0), (uint64_t)i << 60);
        read_items(resting[i], expected[i]);
    }
}

static void set_up(void) {
    for (int i = 0; i < SETS; i++) {
        struct set *set = &sets[i];
        *set = (struct set){.inner = hold(epoll_create1(0)), .outer = hold(epoll_create1(EPOLL_CLOEXEC)), .trigger = triggers[i]};
        for (int k = 0; k < BELLS; k++) {
            set->bells[k] = hold(eventfd(0, EFD_NONBLOCK));
            control(set->inner, EPOLL_CTL_ADD, set->bells[k], set->trigger, data_of(i, k));
        }
        control(set->outer, EPOLL_CTL_ADD, set->inner, EPOLLIN, data_of(99, 0));
        start_worker("ring", ring, set);
        start_worker("listen to bells", listen_to_bells, set);
    }
    set_up_resting();
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        struct item found[ITEMS_MOST];
        read_items(resting[i], found);
        for (int k = 0; k < ITEMS_MOST; k++)
            CHECK(found[k].fd == expected[i][k].fd && found[k].events == expected[i][k].events && found[k].data == expected[i][k].data,
                  "item %d of epoll set %d: descriptor %d, events %x, data %llx instead of %d, %x, %llx", k, i, found[k].fd, found[k].events,
                  (unsigned long long)found[k].data, expected[i][k].fd, expected[i][k].events, (unsigned long long)expected[i][k].data);
    }
}

const struct stress_kind stress_epolls = {.name = "epolls", .set_up = set_up, .verify = verify};
