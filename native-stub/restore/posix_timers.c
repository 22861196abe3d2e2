// SPDX-License-Identifier: Apache-2.0
/*
 * POSIX timers. They are made when all threads exist, for they name threads; they are started last, for then their time
 * runs. One whose signal was pending is made to fire in its turn among the pending signals, with its beginning in the
 * past, so that the kernel counts what it misses (si_overrun) from there, as it had.
 */
#include "restore/stub.h"

#define FIRING_LOOKS 100000

static uint64_t clock_of(const struct stub_state *state, const struct image_posix_timer *timer)
{
    if (timer->clock_thread == IMAGE_NO_THREAD)
        return (uint64_t)(int64_t)timer->clock;
    /* MAKE_PROCESS_CPUCLOCK, MAKE_THREAD_CPUCLOCK: include/linux/posix-timers.h */
    return ~(uint64_t)state->tids[timer->clock_thread] << 3 | (uint32_t)timer->clock;
}

/* ---- making ---- */

/* Linux before 6.16 numbers the timers of a process from zero on and takes no number twice. */
static int64_t make_next_ones(uint64_t clock, const struct abi_sigevent *event, int32_t wanted)
{
    for (;;) {
        int32_t id = 0;
        int64_t result = sys_timer_create(clock, event, &id);

        if (is_error(result) || id == wanted)
            return result;
        sys_timer_delete(id);
        if (id > wanted || wanted - id > IMAGE_TIMER_ID_LIMIT)
            return -ABI_EEXIST;
    }
}

static void make(struct stub_state *state, const struct image_posix_timer *timer, bool takes_numbers)
{
    const uint64_t clock = clock_of(state, timer);
    const struct abi_sigevent event = {
        .value = timer->value, .signal = (int32_t)timer->signal, .notify = (int32_t)timer->notify,
        .tid = timer->thread == IMAGE_NO_THREAD ? 0 : (int32_t)state->tids[timer->thread],
    };
    int32_t id = timer->id;
    int64_t result;

    if (takes_numbers)
        result = sys_timer_create(clock, &event, &id);
    else
        result = make_next_ones(clock, &event, timer->id);
    if (result == -ABI_EEXIST)
        stub_fail(state, "making POSIX timer %d again: this kernel does not give that number to it; Linux 6.16 and newer ones do",
                  (int64_t)timer->id);
    if (is_error(result))
        stub_fail(state, "making POSIX timer %d of clock %d: %e", (int64_t)timer->id, (int64_t)clock, result);
}

void posix_timers_make(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    bool takes_numbers;

    if (plan->posix_timers.count == 0)
        return;
    takes_numbers = !is_error(sys_prctl(ABI_PR_TIMER_CREATE_RESTORE_IDS, 1, 0, 0, 0));
    for_each_record(timer, image_posix_timer, plan, plan->posix_timers)
        make(state, timer, takes_numbers);
    if (takes_numbers)
        sys_prctl(ABI_PR_TIMER_CREATE_RESTORE_IDS, 0, 0, 0, 0);
}

/* ---- starting ---- */

static void set(struct stub_state *state, const struct image_posix_timer *timer, uint32_t flags, uint64_t value)
{
    const struct abi_itimerspec time = {.interval = to_timespec(timer->interval_ns), .value = to_timespec(value)};
    int64_t result = sys_timer_settime(timer->id, flags, &time);

    if (is_error(result))
        stub_fail(state, "starting POSIX timer %d: %e", (int64_t)timer->id, result);
}

/* The latest of its moments that has passed; 0 when the clock is too young to have one. */
static uint64_t last_moment(struct stub_state *state, const struct image_posix_timer *timer)
{
    uint64_t before_now = timer->interval_ns - timer->remaining_ns % timer->interval_ns, now_ns;
    struct abi_timespec now;
    int64_t result = sys_clock_gettime(clock_of(state, timer), &now);

    if (is_error(result))
        stub_fail(state, "reading the clock of POSIX timer %d: %e", (int64_t)timer->id, result);
    now_ns = (uint64_t)now.seconds * NANOSECONDS + (uint64_t)now.nanoseconds;
    return now_ns > before_now ? now_ns - before_now : 0;
}

/* It is an interrupt that fires it. A timer that is due and has not fired yet tells one nanosecond. */
static void await_firing(const struct image_posix_timer *timer)
{
    struct abi_itimerspec left = {.value = {.nanoseconds = 1}};

    for (uint32_t look = 0; look < FIRING_LOOKS && left.value.seconds == 0 && left.value.nanoseconds == 1; look++) {
        if (is_error(sys_timer_gettime(timer->id, &left)))
            return;
    }
}

bool posix_timer_fire(struct stub_state *state, const struct image_posix_timer *timer)
{
    uint64_t moment = timer->interval_ns == 0 ? 1 : last_moment(state, timer);

    if (moment == 0) {
        set(state, timer, 0, timer->remaining_ns);
        return false;
    }
    set(state, timer, timer->interval_ns == 0 ? 0 : ABI_TIMER_ABSTIME, moment);
    await_firing(timer);
    return true;
}

void posix_timers_start(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    for_each_record(timer, image_posix_timer, plan, plan->posix_timers) {
        if (timer->fires == 0 && timer->remaining_ns != 0)
            set(state, timer, 0, timer->remaining_ns);
    }
}
