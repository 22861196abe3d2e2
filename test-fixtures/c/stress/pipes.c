/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

/* Pipes of all modes; and pipes that nobody touches, with bytes in them. */
enum { RESTING = 34 };

static struct channel channels[] = {
    {.name = "pipe", .most = 4096, .put = put_by_write, .take = take_by_read},
    {.name = "narrow pipe", .most = 16384, .put = put_by_writev, .take = take_by_readv},
    {.name = "packet pipe", .most = 2048, .packets = true, .put = put_by_write, .take = take_by_read},
    {.name = "polled pipe", .most = 8192, .put = put_when_ready, .take = take_when_ready},
    {.name = "spliced pipe", .most = 4096, .put = put_by_write, .take = take_by_read},
};

static struct resting {
    int out, in;
    int capacity;
    size_t size;
    bool packets;
} resting[RESTING];

/* From one pipe into the next one, until all has come. */
static struct relay {
    int from, to;
} relay;

static void splice_on(struct worker *self) {
    const struct channel *channel = self->argument;
    while (!channel->ended || channel->received < channel->sent) {
        struct pollfd ready = {.fd = relay.from, .events = POLLIN};
        if (poll(&ready, 1, 20) == 0)
            continue;
        ssize_t moved = splice(relay.from, NULL, relay.to, NULL, 1 + random_below(self, 4096), 0);
        CHECK(moved > 0, "splice gave %zd, errno %d", moved, errno);
        step(self);
    }
}

static void make_pipe(int *out, int *in, int flags) {
    int ends[2];
    MUST(pipe2(ends, flags));
    *out = hold(ends[0]);
    *in = hold(ends[1]);
}

static void fill_resting(struct resting *self, int number) {
    _Alignas(8) char bytes[16384];
    self->size = (size_t)(number * 480 + 8);
    self->packets = number % 6 == 5;
    for (size_t done = 0; done < self->size;) {
        size_t part = self->packets && self->size - done > 1024 ? 1024 : self->size - done;
        fill_pattern(bytes, part, (uint64_t)number + done);
        CHECK_EQ(write(self->in, bytes, part), (ssize_t)part);
        done += part;
    }
}

static void set_up(void) {
    make_pipe(&channels[0].out, &channels[0].in, 0);
    make_pipe(&channels[1].out, &channels[1].in, O_CLOEXEC);
    MUST(fcntl(channels[1].in, F_SETPIPE_SZ, 4096));
    make_pipe(&channels[2].out, &channels[2].in, O_DIRECT);
    make_pipe(&channels[3].out, &channels[3].in, O_NONBLOCK);
    make_pipe(&relay.from, &channels[4].in, 0);
    make_pipe(&channels[4].out, &relay.to, 0);
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        start_channel(&channels[i]);
    start_worker("splice", splice_on, &channels[4]);
    for (int i = 0; i < RESTING; i++) {
        struct resting *self = &resting[i];
        make_pipe(&self->out, &self->in, i % 6 == 5 ? O_DIRECT : i % 2 ? O_NONBLOCK : 0);
        self->capacity = (int)MUST(fcntl(self->in, F_SETPIPE_SZ, 16384 << i % 3));
        fill_resting(self, i);
    }
}

static void drain(const struct resting *self, int number) {
    _Alignas(8) char bytes[16384];
    for (size_t done = 0; done < self->size;) {
        size_t expected = self->packets && self->size - done > 1024 ? 1024 : self->size - done;
        CHECK_EQ(read(self->out, bytes, sizeof bytes), (ssize_t)expected);
        check_pattern(bytes, expected, (uint64_t)number + done, "resting pipe");
        done += expected;
    }
    int left;
    MUST(ioctl(self->out, FIONREAD, &left));
    CHECK_EQ(left, 0);
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        CHECK_EQ(fcntl(resting[i].out, F_GETPIPE_SZ), resting[i].capacity);
        drain(&resting[i], i);
    }
    CHECK_EQ(fcntl(channels[1].out, F_GETPIPE_SZ), 4096);
}

const struct stress_kind stress_pipes = {.name = "pipes", .set_up = set_up, .verify = verify};
