/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "inflight.h"

/* Waiters of a condition variable: woken one by one, by broadcast, and by their deadline. */
enum { WAITERS = 6 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER, never = PTHREAD_COND_INITIALIZER;
static int tokens, woken;
static bool all;

static void wait_for_token(struct inflight *self) {
    MUST0(pthread_mutex_lock(&mutex));
    while (tokens == 0 && !all)
        MUST0(pthread_cond_wait(&condition, &mutex));
    tokens -= !all;
    woken++;
    MUST0(pthread_mutex_unlock(&mutex));
    inflight_result(self, 0);
}

/* CLOCK_REALTIME in the future: the deadline is absolute, a launch after it ends the wait at once. */
static void wait_until(struct inflight *self) {
    int64_t deadline = now_ns(CLOCK_REALTIME) + 700 * NS_PER_MS;
    struct timespec until = to_timespec(deadline);
    MUST0(pthread_mutex_lock(&mutex));
    int error;
    while ((error = pthread_cond_timedwait(&never, &mutex, &until)) == 0)
        ;
    MUST0(pthread_mutex_unlock(&mutex));
    CHECK_EQ(error, ETIMEDOUT);
    CHECK(now_ns(CLOCK_REALTIME) >= deadline, "the timed wait ended early");
    inflight_result(self, 0);
}

static int woken_now(void) {
    MUST0(pthread_mutex_lock(&mutex));
    int count = woken;
    MUST0(pthread_mutex_unlock(&mutex));
    return count;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "condition variables: signal, broadcast and timed wait afterwards");
    struct inflight waiters[WAITERS] = {0}, timed = {.body = wait_until, .nr = 202};
    for (int i = 0; i < WAITERS; i++) {
        waiters[i] = (struct inflight){.body = wait_for_token, .nr = 202};
        inflight_start(&waiters[i]);
    }
    inflight_start(&timed);

    ready_and_wait();

    CHECK_EQ(woken_now(), 0);
    for (int i = 0; i < 2; i++) {
        MUST0(pthread_mutex_lock(&mutex));
        tokens++;
        MUST0(pthread_cond_signal(&condition));
        MUST0(pthread_mutex_unlock(&mutex));
        while (woken_now() <= i)
            ;
    }
    MUST0(pthread_mutex_lock(&mutex));
    CHECK_EQ(tokens, 0);
    all = true;
    MUST0(pthread_cond_broadcast(&condition));
    MUST0(pthread_mutex_unlock(&mutex));
    for (int i = 0; i < WAITERS; i++)
        inflight_join(&waiters[i]);
    CHECK_EQ(woken, WAITERS);
    inflight_join(&timed);
    pass();
}
