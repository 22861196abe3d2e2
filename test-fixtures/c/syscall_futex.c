/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Futex waits: without end, until woken; with relative and absolute deadlines, until they pass. */
static const int64_t wait_ns = 1500 * NS_PER_MS;
static uint32_t words[8];
static uint32_t *shared_word;

static long futex(uint32_t *word, int operation, uint32_t value, struct timespec *limit,
                  uint32_t value3) {
    return syscall(SYS_futex, word, operation, value, limit, NULL, value3);
}

static void endless(struct inflight *self) {
    inflight_result(self, futex(self->argument, FUTEX_WAIT_PRIVATE, 0, NULL, 0));
}

static void endless_shared(struct inflight *self) {
    inflight_result(self, futex(self->argument, FUTEX_WAIT, 0, NULL, 0));
}

static void endless_bitset(struct inflight *self) {
    inflight_result(self, futex(self->argument, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, 0x10));
}

static void relative(struct inflight *self) {
    struct timespec limit = to_timespec(wait_ns);
    inflight_result(self, futex(self->argument, FUTEX_WAIT_PRIVATE, 0, &limit, 0));
    CHECK(limit.tv_sec == 1 && limit.tv_nsec == 500 * NS_PER_MS, "the limit was changed");
}

static void absolute(struct inflight *self, clockid_t clock, int flag) {
    int64_t until = now_ns(clock) + wait_ns;
    struct timespec limit = to_timespec(until);
    int operation = FUTEX_WAIT_BITSET_PRIVATE | flag;
    inflight_result(self, futex(self->argument, operation, 0, &limit, FUTEX_BITSET_MATCH_ANY));
    CHECK(now_ns(clock) >= until, "ended before its absolute deadline");
}

static void absolute_monotonic(struct inflight *self) {
    absolute(self, CLOCK_MONOTONIC, 0);
}

static void absolute_realtime(struct inflight *self) {
    absolute(self, CLOCK_REALTIME, FUTEX_CLOCK_REALTIME);
}

/* The value does not change: only a real wake ends these waits, and exactly one waiter is there. */
static void wake(struct inflight *thread, int operation, uint32_t bits, const char *name) {
    while (futex(thread->argument, operation, 1, NULL, bits) == 0)
        ;
    inflight_join(thread);
    CHECK(thread->result == 0, "%s gave %ld, errno %d", name, thread->result, thread->error);
}

static void expect_timeout(struct inflight *thread, const char *name) {
    inflight_join(thread);
    CHECK(thread->result == -1 && thread->error == ETIMEDOUT, "%s gave %ld, errno %d", name,
          thread->result, thread->error);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "futex waits in flight, endless and with deadlines of every kind");
    shared_word = map_memory(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    struct inflight threads[] = {
        {.body = endless, .nr = SYS_futex, .argument = &words[0]},
        {.body = endless_shared, .nr = SYS_futex, .argument = shared_word},
        {.body = endless_bitset, .nr = SYS_futex, .argument = &words[1]},
        {.body = relative, .nr = SYS_futex, .argument = &words[2], .limit_ns = wait_ns},
        {.body = absolute_monotonic, .nr = SYS_futex, .argument = &words[3]},
        {.body = absolute_realtime, .nr = SYS_futex, .argument = &words[4]},
    };
    for (int i = 0; i < 6; i++)
        inflight_start(&threads[i]);

    ready_and_wait();

    wake(&threads[0], FUTEX_WAKE_PRIVATE, 0, "an endless wait");
    wake(&threads[1], FUTEX_WAKE, 0, "a wait on shared memory");
    CHECK_EQ(futex(&words[1], FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, 0x20), 0);
    wake(&threads[2], FUTEX_WAKE_BITSET_PRIVATE, 0x10, "a wait with a bit set");
    expect_timeout(&threads[3], "a relative limit");
    expect_timeout(&threads[4], "an absolute monotonic limit");
    expect_timeout(&threads[5], "an absolute realtime limit");
    pass();
}
