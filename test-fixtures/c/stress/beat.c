/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

/* The awake clock takes at most 200 ms of the time between a capture and a launch for its own; the rest is for a loaded machine. */
static const int64_t tolerance_ns = 1000 * NS_PER_MS, launch_ns = 300 * NS_PER_MS;

void start_beat(struct beat *beat, int64_t interval_ns) {
    *beat = (struct beat){.interval_ns = interval_ns, .start_ns = now_ns(CLOCK_MONOTONIC), .start_awake_ns = awake_ns()};
}

void count_beat(struct beat *beat, const char *name, uint64_t expirations) {
    beat->count += expirations;
    int64_t elapsed = now_ns(CLOCK_MONOTONIC) - beat->start_ns;
    CHECK((int64_t)beat->count * beat->interval_ns <= elapsed + beat->interval_ns + NS_PER_MS, "%s: %llu expirations in %lld ns", name,
          (unsigned long long)beat->count, (long long)elapsed);
}

void end_beat(const struct beat *beat, const struct worker *worker) {
    int64_t awake = awake_ns() - beat->start_awake_ns, found = (int64_t)beat->count * beat->interval_ns;
    CHECK(found >= awake - tolerance_ns - worker->launches * launch_ns, "%s: %llu expirations in %lld ns, with %d launches", worker->name,
          (unsigned long long)beat->count, (long long)awake, worker->launches);
}
