/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Memory that has descriptors, or is shared by several mappings: memfds, sealed ones, a file, anonymous memory with a futex. */
enum { SIZE = 16 * PAGE, RESTING = 24 };

static int memfd, file, resting[RESTING];
static uint64_t *views[2], *file_view;
static volatile int *ball;
static volatile bool thrower_ended;

static void write_memfd(struct worker *self) {
    for (uint64_t number = 1; !stopping(); number++, step(self)) {
        size_t place = random_below(self, SIZE / 8);
        uint64_t found;
        __atomic_store_n(&views[number % 2][place], number, __ATOMIC_SEQ_CST);
        CHECK_EQ(views[1 - number % 2][place], number);
        CHECK_EQ(pread(memfd, &found, 8, (off_t)place * 8), 8);
        CHECK_EQ(found, number);
        CHECK_EQ(pwrite(memfd, &place, 8, (off_t)place * 8), 8);
        CHECK_EQ(views[0][place], place);
    }
}

/* The file is the system's: see files.c. */
static void write_file(struct worker *self) {
    for (uint64_t number = 1; !stopping(); number++, step(self)) {
        size_t place = random_below(self, SIZE / 8);
        pid_t begin = life();
        uint64_t found;
        __atomic_store_n(&file_view[place], number, __ATOMIC_SEQ_CST);
        CHECK_EQ(pread(file, &found, 8, (off_t)place * 8), 8);
        if (random_below(self, 16) == 0)
            MUST(msync(file_view, SIZE, MS_ASYNC));
        CHECK(found == number || life() != begin, "the file has %llu instead of %llu", (unsigned long long)found, (unsigned long long)number);
    }
}

/* Odd numbers are one side's, even ones the other one's. */
static void play(struct worker *self) {
    int side = self->argument ? 1 : 0;
    for (int expected = side; side ? !thrower_ended || *ball != expected - 1 : !stopping(); expected += 2) {
        while (*ball != expected) {
            struct timespec limit = to_timespec(50 * NS_PER_MS);
            if (side && thrower_ended && *ball == expected - 1)
                return;
            if (syscall(SYS_futex, ball, FUTEX_WAIT, expected - 1, &limit, NULL, 0) < 0)
                CHECK(errno == EAGAIN || errno == ETIMEDOUT, "futex: errno %d", errno);
        }
        __atomic_store_n(ball, expected + 1, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, ball, FUTEX_WAKE, 1, NULL, NULL, 0);
        step(self);
    }
    if (!side)
        thrower_ended = true;
}

static void *map(int fd) {
    void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
    CHECK(memory != MAP_FAILED, "mmap: errno %d", errno);
    return memory;
}

static int make_memfd(const char *name, int flags) {
    int fd = memfd_create(name, (unsigned)flags);
    MUST(fd);
    MUST(ftruncate(fd, SIZE));
    return hold(fd);
}

static void set_up(void) {
    memfd = make_memfd("stress", 0);
    views[0] = map(memfd);
    views[1] = map(memfd);
    file = hold(open("mapped", O_RDWR | O_CREAT, 0600));
    MUST(ftruncate(file, SIZE));
    file_view = map(file);
    ball = map(-1);
    start_worker("memfd", write_memfd, NULL);
    start_worker("mapped file", write_file, NULL);
    start_worker("throw a ball", play, NULL);
    start_worker("throw it back", play, (void *)(uintptr_t)1);
    for (int i = 0; i < RESTING; i++) {
        uint64_t words[64];
        resting[i] = make_memfd("resting", MFD_ALLOW_SEALING);
        fill_pattern(words, sizeof words, (uint64_t)i);
        CHECK_EQ(pwrite(resting[i], words, sizeof words, i * 2000), sizeof words);
        MUST(lseek(resting[i], i, SEEK_SET));
        MUST(fcntl(resting[i], F_ADD_SEALS, i % 16));
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        uint64_t words[64];
        CHECK_EQ(fcntl(resting[i], F_GET_SEALS), i % 16);
        CHECK_EQ(lseek(resting[i], 0, SEEK_CUR), i);
        CHECK_EQ(pread(resting[i], words, sizeof words, i * 2000), sizeof words);
        check_pattern(words, sizeof words, (uint64_t)i, "resting memfd");
    }
}

const struct stress_kind stress_memory = {.name = "memory", .set_up = set_up, .verify = verify};
