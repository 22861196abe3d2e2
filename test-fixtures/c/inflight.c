/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

static volatile int awake_clock_runs;

void inflight_result(struct inflight *self, long result) {
    self->error = result < 0 ? errno : 0;
    self->result = result;
}

static void *run(void *argument) {
    struct inflight *self = argument;
    int64_t awake = awake_ns();
    self->tid = current_tid();
    self->start_ns = now_ns(CLOCK_MONOTONIC);
    raise_flag(&self->started);
    self->body(self);
    self->end_ns = now_ns(CLOCK_MONOTONIC);
    self->awake_ns = awake_ns() - awake;
    raise_flag(&self->ended);
    return NULL;
}

void inflight_start(struct inflight *self) {
    if (!awake_clock_runs) {
        awake_clock_runs = 1;
        start_awake_clock();
    }
    self->thread = start_thread(run, self);
    await_flag(&self->started);
    await_in_syscall(self->tid, self->nr);
}

void inflight_join(struct inflight *self) {
    join_thread(self->thread);
    if (self->limit_ns == 0)
        return;
    int64_t lasted = self->end_ns - self->start_ns;
    CHECK(lasted >= self->limit_ns, "ended after %lld ns of %lld", (long long)lasted,
          (long long)self->limit_ns);
    /* Half, because a loaded machine may lose ticks; an early end after a launch loses nearly all. */
    CHECK(self->awake_ns >= self->limit_ns / 2, "the process was awake for %lld ns of a %lld ns wait",
          (long long)self->awake_ns, (long long)self->limit_ns);
}
