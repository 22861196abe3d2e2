/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Threads blocked in reads of empty pipes and writes to full ones, all inside the process. */
enum { LARGE = 300 * 1000 };

static unsigned char large_out[LARGE], large_in[LARGE];

struct pair {
    int out, in;
};

static struct pair new_pipe(void) {
    int ends[2];
    MUST(pipe(ends));
    return (struct pair){.out = ends[0], .in = ends[1]};
}

/* Gives the number of bytes that it took. */
static size_t fill_up(int fd) {
    char block[PAGE];
    size_t total = 0;
    memset(block, 'f', sizeof block);
    int flags = (int)MUST(fcntl(fd, F_GETFL));
    MUST(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
    for (ssize_t count; (count = write(fd, block, sizeof block)) > 0;)
        total += (size_t)count;
    MUST(fcntl(fd, F_SETFL, flags));
    return total;
}

static void blocked_read(struct inflight *self) {
    char bytes[8] = "";
    inflight_result(self, read(((struct pair *)self->argument)->out, bytes, sizeof bytes));
    CHECK(memcmp(bytes, "hello", 6) == 0, "read gave '%.8s'", bytes);
}

static void blocked_readv(struct inflight *self) {
    char first[2], second[8] = "";
    struct iovec parts[] = {{first, 2}, {second, 8}};
    inflight_result(self, readv(((struct pair *)self->argument)->out, parts, 2));
    CHECK(memcmp(first, "he", 2) == 0 && memcmp(second, "llo", 4) == 0, "readv misplaced bytes");
}

static void blocked_write(struct inflight *self) {
    char block[PAGE];
    memset(block, 'w', sizeof block);
    inflight_result(self, write(((struct pair *)self->argument)->in, block, sizeof block));
}

/* A stop may cut such a write short, which programs must expect; bytes must not be lost. */
static void large_write(struct inflight *self) {
    for (size_t done = 0; done < LARGE;)
        done += (size_t)MUST(write(((struct pair *)self->argument)->in, large_out + done,
                                   LARGE - done));
    inflight_result(self, 0);
}

static void drain(int fd, size_t count, char expected) {
    char byte;
    while (count--) {
        CHECK_EQ(read(fd, &byte, 1), 1);
        CHECK_EQ(byte, expected);
    }
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "blocked reads and writes of pipes inside the process");
    struct pair reading = new_pipe(), vector = new_pipe(), full = new_pipe(), large = new_pipe();
    struct inflight reader = {.body = blocked_read, .nr = SYS_read, .argument = &reading};
    struct inflight scatterer = {.body = blocked_readv, .nr = SYS_readv, .argument = &vector};
    struct inflight writer = {.body = blocked_write, .nr = SYS_write, .argument = &full};
    struct inflight large_writer = {.body = large_write, .nr = SYS_write, .argument = &large};
    size_t filled = fill_up(full.in);
    fill_pattern(large_out, LARGE, 1);
    inflight_start(&reader);
    inflight_start(&scatterer);
    inflight_start(&writer);
    inflight_start(&large_writer);

    ready_and_wait();

    CHECK_EQ(write(reading.in, "hello", 6), 6);
    CHECK_EQ(write(vector.in, "hello", 6), 6);
    inflight_join(&reader);
    inflight_join(&scatterer);
    CHECK_EQ(reader.result, 6);
    CHECK_EQ(scatterer.result, 6);
    drain(full.out, filled, 'f');
    drain(full.out, PAGE, 'w');
    inflight_join(&writer);
    CHECK_EQ(writer.result, PAGE);
    for (size_t done = 0; done < LARGE;)
        done += (size_t)MUST(read(large.out, large_in + done, LARGE - done));
    inflight_join(&large_writer);
    check_pattern(large_in, LARGE, 1, "bytes through the pipe");
    pass();
}
