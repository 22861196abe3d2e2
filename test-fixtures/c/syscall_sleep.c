/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <sys/syscall.h>

/* Every kind of sleep in its own thread, or only the one named in argv[1]. */
enum { REL_MS = 1500 };

static const int64_t rel_ns = REL_MS * NS_PER_MS;

static void raw_nanosleep(struct inflight *self) {
    struct timespec request = to_timespec(rel_ns);
    inflight_result(self, syscall(SYS_nanosleep, &request, NULL));
}

/* Linux may write the remainder although it makes the call again: it must stay below the request. */
static void check_remainder(const struct timespec *rest) {
    int64_t left = rest->tv_sec * NS_PER_S + rest->tv_nsec;
    CHECK(left == 77 * NS_PER_S || (left >= 0 && left <= rel_ns), "the remainder became %lld ns",
          (long long)left);
}

static void raw_nanosleep_remainder(struct inflight *self) {
    struct timespec request = to_timespec(rel_ns), rest = {.tv_sec = 77};
    inflight_result(self, syscall(SYS_nanosleep, &request, &rest));
    check_remainder(&rest);
    CHECK(request.tv_sec == 1 && request.tv_nsec == 500 * NS_PER_MS, "the request was changed");
}

static void libc_nanosleep(struct inflight *self) {
    struct timespec request = to_timespec(rel_ns), rest = {.tv_sec = 77};
    inflight_result(self, nanosleep(&request, &rest));
    check_remainder(&rest);
}

static void libc_usleep(struct inflight *self) {
    inflight_result(self, usleep(REL_MS * 1000));
}

static void libc_sleep(struct inflight *self) {
    inflight_result(self, sleep(2));
}

static void clock_relative(struct inflight *self, clockid_t clock) {
    struct timespec request = to_timespec(rel_ns), rest = {.tv_sec = 77};
    inflight_result(self, syscall(SYS_clock_nanosleep, clock, 0, &request, &rest));
    check_remainder(&rest);
}

static void clock_absolute(struct inflight *self, clockid_t clock) {
    int64_t until = now_ns(clock) + rel_ns;
    struct timespec request = to_timespec(until);
    inflight_result(self, syscall(SYS_clock_nanosleep, clock, TIMER_ABSTIME, &request, NULL));
    int64_t ended = now_ns(clock);
    CHECK(ended >= until, "woke %lld ns before the time", (long long)(until - ended));
}

static void relative_monotonic(struct inflight *self) {
    clock_relative(self, CLOCK_MONOTONIC);
}

static void relative_realtime(struct inflight *self) {
    clock_relative(self, CLOCK_REALTIME);
}

static void relative_boottime(struct inflight *self) {
    clock_relative(self, CLOCK_BOOTTIME);
}

static void absolute_monotonic(struct inflight *self) {
    clock_absolute(self, CLOCK_MONOTONIC);
}

static void absolute_realtime(struct inflight *self) {
    clock_absolute(self, CLOCK_REALTIME);
}

static const struct sleeper {
    const char *name;
    void (*body)(struct inflight *self);
    long nr;
    int64_t limit_ns;
} sleepers[] = {
    {"nanosleep", raw_nanosleep, SYS_nanosleep, REL_MS * NS_PER_MS},
    {"nanosleep-remainder", raw_nanosleep_remainder, SYS_nanosleep, REL_MS * NS_PER_MS},
    {"libc-nanosleep", libc_nanosleep, -1, REL_MS * NS_PER_MS},
    {"usleep", libc_usleep, -1, REL_MS * NS_PER_MS},
    {"sleep", libc_sleep, -1, 2 * NS_PER_S},
    {"relative-monotonic", relative_monotonic, SYS_clock_nanosleep, REL_MS * NS_PER_MS},
    {"relative-realtime", relative_realtime, SYS_clock_nanosleep, REL_MS * NS_PER_MS},
    {"relative-boottime", relative_boottime, SYS_clock_nanosleep, REL_MS * NS_PER_MS},
    {"absolute-monotonic", absolute_monotonic, SYS_clock_nanosleep, 0},
    {"absolute-realtime", absolute_realtime, SYS_clock_nanosleep, 0},
};
enum { SLEEPERS = sizeof sleepers / sizeof sleepers[0] };

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "sleeps in flight last as long as asked and give 0");
    static struct inflight threads[SLEEPERS];
    bool chosen[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        chosen[i] = argc < 2 || variant_is(sleepers[i].name);
        threads[i] = (struct inflight){
            .body = sleepers[i].body, .nr = sleepers[i].nr, .limit_ns = sleepers[i].limit_ns};
        if (chosen[i])
            inflight_start(&threads[i]);
    }
    ready_and_wait();
    for (int i = 0; i < SLEEPERS; i++) {
        if (!chosen[i])
            continue;
        inflight_join(&threads[i]);
        CHECK(threads[i].result == 0, "%s gave %ld, errno %d", sleepers[i].name, threads[i].result,
              threads[i].error);
    }
    pass();
}
