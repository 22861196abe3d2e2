// SPDX-License-Identifier: Apache-2.0
/* The plan's POSIX timers, and the pending signals, which may be theirs. See plan_check.c. */
#include "restore/abi.h"
#include "restore/plan_check.h"

static const char *timer_problem(const struct image_plan *plan, const struct image_posix_timer *timer, int64_t first_free)
{
    if (timer->id < first_free)
        return "id";
    if (timer->clock_thread != IMAGE_NO_THREAD &&
        (timer->clock_thread >= plan->threads.count || timer->clock < 0 || timer->clock > 7))
        return "clock";
    if (timer->thread != IMAGE_NO_THREAD && timer->thread >= plan->threads.count)
        return "thread";
    return timer->interval_ns > INT64_MAX || timer->remaining_ns > INT64_MAX ? "time" : NULL;
}

int check_posix_timers(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int64_t first_free = 0;
    int error = check_table(checker, "POSIX timer", plan->posix_timers, sizeof(struct image_posix_timer));

    if (error < 0)
        return error;
    for_each_record(timer, image_posix_timer, plan, plan->posix_timers) {
        const char *problem = timer_problem(plan, timer, first_free);

        if (problem != NULL)
            return check_fault(checker, "POSIX timer", index, problem);
        first_free = (int64_t)timer->id + 1;
        index++;
    }
    return 0;
}

bool good_timer_of_signal(const struct plan_checker *checker, const struct image_pending_signal *signal)
{
    return signal->timer <= checker->plan->posix_timers.count;
}
