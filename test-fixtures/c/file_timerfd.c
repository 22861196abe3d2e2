/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/timerfd.h>

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "timerfd: remaining time, interval, expirations not yet read");
    int slow = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    int expired = (int)MUST(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    int fast = (int)MUST(timerfd_create(CLOCK_REALTIME, 0));
    int idle = (int)MUST(timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK));
    struct itimerspec slow_time = {{77, 5}, {1000, 0}}, expired_time = {{0, 0}, {0, 1}};
    struct itimerspec fast_time = {{0, 50000000}, {1, 200000000}}, now;
    MUST(timerfd_settime(slow, 0, &slow_time, NULL));
    MUST(timerfd_settime(expired, 0, &expired_time, NULL));
    MUST(timerfd_settime(fast, 0, &fast_time, NULL));
    do
        MUST(timerfd_gettime(expired, &now));
    while (now.it_value.tv_nsec != 0);

    ready_and_wait();

    uint64_t count = 0;
    MUST(timerfd_gettime(slow, &now));
    CHECK_EQ(now.it_interval.tv_sec, 77);
    CHECK_EQ(now.it_interval.tv_nsec, 5);
    CHECK(now.it_value.tv_sec <= 1000 && now.it_value.tv_sec > 100, "%ld s are left",
          (long)now.it_value.tv_sec);
    CHECK_EQ(fcntl(slow, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(read(expired, &count, 8), 8);
    CHECK_EQ(count, 1);
    CHECK_EQ(read(expired, &count, 8), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(read(idle, &count, 8), -1);
    CHECK_EQ(read(fast, &count, 8), 8);
    CHECK(count >= 1, "%llu expirations", (unsigned long long)count);
    CHECK_EQ(read(fast, &count, 8), 8);
    pass();
}
