/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

/* alarm() before the capture, its signal after the launch, exactly once, in a blocked main thread. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "alarm(2) set before arrives afterwards, once and not early");
    sigset_t set;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    MUST0(pthread_sigmask(SIG_BLOCK, &set, NULL));
    start_awake_clock();
    int64_t awake = awake_ns(), start = now_ns(CLOCK_MONOTONIC);
    alarm(2);

    ready_and_wait();

    MUST0(sigwait(&set, &number));
    CHECK_EQ(number, SIGALRM);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1990 * NS_PER_MS, "the alarm came early");
    CHECK(awake_ns() - awake >= NS_PER_S, "the alarm came after %lld ns awake",
          (long long)(awake_ns() - awake));
    struct timespec none = {0};
    CHECK_EQ(sigtimedwait(&set, NULL, &none), -1);
    CHECK_EQ(alarm(0), 0);
    pass();
}
