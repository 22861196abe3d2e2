/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Per thread in Linux: affinity, policy and nice. All of these need no privilege. */
enum { THREADS = 4 };

struct plan {
    int policy, nice;
    bool pinned;
};

static const struct plan plans[THREADS] = {
    {SCHED_OTHER, 0, false}, {SCHED_BATCH, 5, true}, {SCHED_IDLE, 0, false}, {SCHED_OTHER, 19, true}};
static volatile int go, parked[THREADS];
static int first_cpu, inherited_nice;
static cpu_set_t all_cpus;

/* Raising the value needs no privilege; the fixture itself may run under nice(1). */
static int wanted_nice(const struct plan *plan) {
    int value = inherited_nice + plan->nice;
    return value > 19 ? 19 : value;
}

static void set_plan(const struct plan *plan) {
    struct sched_param none = {0};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first_cpu, &one);
    MUST(syscall(SYS_sched_setscheduler, 0, plan->policy, &none));
    if (plan->nice)
        MUST(setpriority(PRIO_PROCESS, (id_t)current_tid(), wanted_nice(plan)));
    if (plan->pinned)
        MUST(sched_setaffinity(0, sizeof one, &one));
}

static void check_plan(const struct plan *plan) {
    cpu_set_t found;
    CHECK_EQ(syscall(SYS_sched_getscheduler, 0), plan->policy);
    errno = 0;
    CHECK_EQ(getpriority(PRIO_PROCESS, (id_t)current_tid()), wanted_nice(plan));
    MUST(sched_getaffinity(0, sizeof found, &found));
    if (plan->pinned)
        CHECK(CPU_COUNT(&found) == 1 && CPU_ISSET(first_cpu, &found), "affinity is lost");
    else
        CHECK(CPU_EQUAL(&found, &all_cpus), "a thread that was not pinned is");
}

static void *body(void *argument) {
    uintptr_t index = (uintptr_t)argument;
    set_plan(&plans[index]);
    raise_flag(&parked[index]);
    await_flag(&go);
    check_plan(&plans[index]);
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "affinity, scheduling policy and nice value of every thread");
    pthread_t threads[THREADS];
    MUST(sched_getaffinity(0, sizeof all_cpus, &all_cpus));
    while (!CPU_ISSET(first_cpu, &all_cpus))
        first_cpu++;
    inherited_nice = getpriority(PRIO_PROCESS, 0);
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, (void *)i);
        await_flag(&parked[i]);
    }
    ready_and_wait();
    check_plan(&plans[0]);
    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    pass();
}
