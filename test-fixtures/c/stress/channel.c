/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <poll.h>
#include <sys/uio.h>

enum { MESSAGE_MOST = 32768 };

struct message {
    uint64_t sequence;
    uint32_t size; /* with this head */
    uint32_t last;
    uint64_t body[];
};

ssize_t put_by_write(int fd, const void *bytes, size_t size) {
    return write(fd, bytes, size);
}

ssize_t take_by_read(int fd, void *bytes, size_t size) {
    return read(fd, bytes, size);
}

ssize_t put_by_writev(int fd, const void *bytes, size_t size) {
    struct iovec parts[2] = {{(void *)(uintptr_t)bytes, size / 2}, {(char *)(uintptr_t)bytes + size / 2, size - size / 2}};
    return writev(fd, parts, 2);
}

ssize_t take_by_readv(int fd, void *bytes, size_t size) {
    struct iovec parts[2] = {{bytes, size / 2}, {(char *)bytes + size / 2, size - size / 2}};
    return readv(fd, parts, 2);
}

ssize_t put_when_ready(int fd, const void *bytes, size_t size) {
    for (;;) {
        ssize_t done = write(fd, bytes, size);
        if (done >= 0 || errno != EAGAIN)
            return done;
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        MUST(poll(&ready, 1, -1));
    }
}

ssize_t take_when_ready(int fd, void *bytes, size_t size) {
    for (;;) {
        ssize_t done = read(fd, bytes, size);
        if (done >= 0 || errno != EAGAIN)
            return done;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        MUST(ppoll(&ready, 1, NULL, NULL));
    }
}

static void put_all(const struct channel *channel, const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t part = channel->put(channel->in, (const char *)bytes + done, size - done);
        CHECK(part > 0, "channel %s: writing gave %zd, errno %d", channel->name, part, errno);
        CHECK(!channel->packets || (size_t)part == size, "channel %s: a packet of %zu bytes was cut to %zd", channel->name, size, part);
        done += (size_t)part;
    }
}

static void take_all(const struct channel *channel, void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        ssize_t part = channel->take(channel->out, (char *)bytes + done, size - done);
        CHECK(part > 0, "channel %s: reading gave %zd, errno %d", channel->name, part, errno);
        done += (size_t)part;
    }
}

static void send_messages(struct worker *self) {
    struct channel *channel = self->argument;
    _Alignas(8) char bytes[MESSAGE_MOST];
    struct message *message = (struct message *)bytes;
    bool last;
    do {
        size_t words = random_below(self, (channel->most - sizeof *message) / 8 + 1);
        last = stopping();
        *message = (struct message){.sequence = channel->sent, .size = (uint32_t)(sizeof *message + words * 8), .last = last};
        fill_pattern(message->body, words * 8, channel->sent);
        put_all(channel, message, message->size);
        channel->sent++;
        step(self);
    } while (!last);
    channel->ended = true;
}

static void receive_messages(struct worker *self) {
    struct channel *channel = self->argument;
    _Alignas(8) char bytes[MESSAGE_MOST];
    struct message *message = (struct message *)bytes;
    do {
        if (channel->packets) {
            ssize_t size = channel->take(channel->out, bytes, sizeof bytes);
            CHECK(size >= (ssize_t)sizeof *message, "channel %s: a packet of %zd bytes, errno %d", channel->name, size, errno);
            CHECK((size_t)size == message->size, "channel %s: a packet of %zd bytes instead of %u", channel->name, size, message->size);
        } else {
            take_all(channel, message, sizeof *message);
            CHECK(message->size >= sizeof *message && message->size <= channel->most, "channel %s: a message of %u bytes", channel->name,
                  message->size);
            take_all(channel, message->body, message->size - sizeof *message);
        }
        CHECK(message->sequence == channel->received, "channel %s: message %llu instead of %llu", channel->name,
              (unsigned long long)message->sequence, (unsigned long long)channel->received);
        check_pattern(message->body, message->size - sizeof *message, channel->received, channel->name);
        channel->received++;
        step(self);
    } while (!message->last);
}

void start_channel(struct channel *channel) {
    start_worker(channel->name, send_messages, channel);
    start_worker(channel->name, receive_messages, channel);
}
