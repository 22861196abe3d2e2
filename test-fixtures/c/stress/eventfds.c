/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <poll.h>
#include <sys/eventfd.h>

/* Eventfds that two workers throw to each other, a semaphore that one fills and the other one takes from, and resting counters. */
enum { RESTING = 24 };

static struct game {
    int there, back;
    uint64_t thrown, caught;
} games[2];
static struct store {
    int fd;
    volatile uint64_t put, taken;
    volatile bool ended;
} store;
static int resting[RESTING];

static uint64_t counter_of(int number) {
    return number % 4 == 3 ? 0xfffffffffffffffe : (uint64_t)number * 0x123456789;
}

static void set(int fd, uint64_t value) {
    CHECK_EQ(write(fd, &value, 8), 8);
}

static uint64_t get(int fd) {
    uint64_t value;
    CHECK_EQ(read(fd, &value, 8), 8);
    return value;
}

/* Throws the number of the round, and 2^40 and the number at the end. */
static const uint64_t end_of_game = 1ull << 40;

static void throw(struct worker *self) {
    struct game *game = self->argument;
    bool last;
    do {
        last = stopping();
        game->thrown++;
        set(game->there, game->thrown + (last ? end_of_game : 0));
        CHECK_EQ(get(game->back), game->thrown);
        step(self);
    } while (!last);
}

static void catch(struct worker *self) {
    struct game *game = self->argument;
    uint64_t found;
    do {
        found = get(game->there);
        CHECK_EQ(found % end_of_game, ++game->caught);
        set(game->back, game->caught);
        step(self);
    } while (found < end_of_game);
}

static void fill_store(struct worker *self) {
    for (; !stopping(); step(self)) {
        uint64_t count = 1 + random_below(self, 4);
        if (store.put > store.taken + 100)
            continue;
        __atomic_add_fetch(&store.put, count, __ATOMIC_SEQ_CST);
        set(store.fd, count);
    }
    store.ended = true;
}

static void empty_store(struct worker *self) {
    while (!store.ended || store.taken < store.put) {
        struct pollfd ready = {.fd = store.fd, .events = POLLIN};
        if (poll(&ready, 1, 20) == 0)
            continue;
        CHECK_EQ(get(store.fd), 1);
        store.taken++;
        CHECK(store.taken <= store.put, "the semaphore gave more than it got");
        step(self);
    }
}

static void set_up(void) {
    for (int i = 0; i < 2; i++) {
        games[i] = (struct game){.there = hold(eventfd(0, 0)), .back = hold(eventfd(0, EFD_CLOEXEC))};
        start_worker("throw", throw, &games[i]);
        start_worker("catch", catch, &games[i]);
    }
    store.fd = hold(eventfd(0, EFD_SEMAPHORE));
    start_worker("fill a semaphore", fill_store, NULL);
    start_worker("empty a semaphore", empty_store, NULL);
    for (int i = 0; i < RESTING; i++) {
        resting[i] = hold(eventfd(0, EFD_NONBLOCK | (i % 2 ? EFD_SEMAPHORE : 0)));
        set(resting[i], counter_of(i));
    }
}

static void verify(void) {
    uint64_t value;
    CHECK_EQ(store.taken, store.put);
    for (int i = 0; i < RESTING; i++) {
        if (i % 2 == 0) {
            if (counter_of(i))
                CHECK(get(resting[i]) == counter_of(i), "counter %d", i);
            CHECK_EQ(read(resting[i], &value, 8), -1);
            CHECK_EQ(errno, EAGAIN);
        } else {
            CHECK_EQ(get(resting[i]), 1);
            value = 2; /* one was taken; of the fullest ones not two fit */
            CHECK_EQ(write(resting[i], &value, 8), i % 4 == 3 ? -1 : 8);
        }
    }
}

const struct stress_kind stress_eventfds = {.name = "eventfds", .set_up = set_up, .verify = verify};
