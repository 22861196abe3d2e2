/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <sys/syscall.h>

/* sigwaitinfo until a signal with payload comes, sigtimedwait until its time is over, sigwait. */
static const int64_t limit_ns = 1500 * NS_PER_MS;

static void wait_for_payload(struct inflight *self) {
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    inflight_result(self, sigwaitinfo(&set, &info));
    CHECK_EQ(info.si_code, SI_QUEUE);
    CHECK_EQ(info.si_value.sival_int, 4711);
    CHECK_EQ(info.si_pid, getpid());
}

static void wait_for_time(struct inflight *self) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 4);
    struct timespec limit = to_timespec(limit_ns);
    inflight_result(self, sigtimedwait(&set, NULL, &limit));
}

static void wait_plainly(struct inflight *self) {
    sigset_t set;
    int number = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 5);
    int error = sigwait(&set, &number);
    inflight_result(self, error ? -1 : number);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "sigwaitinfo, sigtimedwait and sigwait in flight");
    sigset_t set;
    sigemptyset(&set);
    for (int i = 3; i <= 5; i++)
        sigaddset(&set, SIGRTMIN + i);
    MUST0(pthread_sigmask(SIG_BLOCK, &set, NULL));
    struct inflight payload = {.body = wait_for_payload, .nr = SYS_rt_sigtimedwait};
    struct inflight timed = {.body = wait_for_time, .nr = SYS_rt_sigtimedwait, .limit_ns = limit_ns};
    struct inflight plain = {.body = wait_plainly, .nr = SYS_rt_sigtimedwait};
    inflight_start(&payload);
    inflight_start(&timed);
    inflight_start(&plain);

    ready_and_wait();

    MUST(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 4711}));
    inflight_join(&payload);
    CHECK_EQ(payload.result, SIGRTMIN + 3);
    MUST(kill(getpid(), SIGRTMIN + 5));
    inflight_join(&plain);
    CHECK_EQ(plain.result, SIGRTMIN + 5);
    inflight_join(&timed);
    CHECK_EQ(timed.result, -1);
    CHECK_EQ(timed.error, EAGAIN);
    pass();
}
