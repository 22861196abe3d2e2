/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/ioctl.h>

/* Pipes inside the process: bytes in flight, capacity, flags, dup'ed ends, an end that is closed. */
struct pair {
    int out, in;
};

static struct pair new_pipe(int flags) {
    int ends[2];
    MUST(pipe2(ends, flags));
    return (struct pair){.out = ends[0], .in = ends[1]};
}

static void check_queued(int fd, size_t size, uint64_t seed) {
    static uint64_t bytes[2 * MIB / 8];
    int queued = -1;
    MUST(ioctl(fd, FIONREAD, &queued));
    CHECK_EQ(queued, (long)size);
    for (size_t done = 0; done < size;)
        done += (size_t)MUST(read(fd, (char *)bytes + done, size - done));
    check_pattern(bytes, size, seed, "bytes of a pipe");
}

static void put(int fd, size_t size, uint64_t seed) {
    static uint64_t bytes[2 * MIB / 8];
    fill_pattern(bytes, size, seed);
    CHECK_EQ(write(fd, bytes, size), (ssize_t)size);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pipes inside the process with the bytes that are in them");
    struct pair empty = new_pipe(0), some = new_pipe(O_NONBLOCK), full = new_pipe(O_CLOEXEC);
    struct pair large = new_pipe(0), orphan = new_pipe(0), packets = new_pipe(O_DIRECT);
    put(some.in, 1000, 1);
    put(full.in, 65536, 2);
    int large_size = (int)MUST(fcntl(large.in, F_SETPIPE_SZ, 512 * 1024));
    put(large.in, 300 * 1000, 3);
    put(orphan.in, 64, 4);
    MUST(close(orphan.in));
    int out_twin = (int)MUST(dup(some.out)), in_twin = (int)MUST(fcntl(some.in, F_DUPFD, 200));
    put(packets.in, 16, 5);
    put(packets.in, 24, 6);
    int mixed = (int)MUST(fcntl(full.in, F_GETFL));
    MUST(fcntl(full.in, F_SETFL, mixed | O_NONBLOCK));

    ready_and_wait();

    CHECK_EQ(fcntl(full.out, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(full.in, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(fcntl(full.out, F_GETFL) & O_NONBLOCK, 0);
    CHECK(write(full.in, "x", 1) == -1 && errno == EAGAIN, "a full pipe takes more");
    check_queued(full.out, 65536, 2);
    check_queued(out_twin, 1000, 1);
    CHECK(read(some.out, &mixed, 1) == -1 && errno == EAGAIN, "a drained pipe is not empty");
    put(in_twin, 8, 7);
    check_queued(some.out, 8, 7);
    CHECK_EQ(fcntl(large.out, F_GETPIPE_SZ), large_size);
    check_queued(large.out, 300 * 1000, 3);
    check_queued(orphan.out, 64, 4);
    CHECK_EQ(read(orphan.out, &mixed, 1), 0);
    uint64_t packet[16];
    CHECK_EQ(read(packets.out, packet, sizeof packet), 16);
    check_pattern(packet, 16, 5, "first packet");
    CHECK_EQ(read(packets.out, packet, sizeof packet), 24);
    check_pattern(packet, 24, 6, "second packet");
    put(empty.in, 40, 8);
    check_queued(empty.out, 40, 8);
    MUST(close(empty.in));
    CHECK_EQ(read(empty.out, packet, 1), 0);
    pass();
}
