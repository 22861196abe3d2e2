/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/workers.h"

#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * Five hundred descriptors of every kind, and 64 threads that use them all the time, so that a capture meets them in the
 * middle of every kind of system call. Each kind checks without a pause that nothing is lost, comes twice or in another order.
 */
enum { DESCRIPTORS = 500, WORKERS = 64, STEPS_BEFORE = 3, STEPS_AFTER = 5 };

static const struct stress_kind *const kinds[] = {
    &stress_queues,  &stress_pipes,  &stress_socketpairs, &stress_sockets, &stress_datagrams, &stress_eventfds, &stress_epolls, &stress_timers,
    &stress_signals, &stress_files,       &stress_locks,   &stress_memory,    &stress_proc,
};

static void raise_limit(void) {
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_cur < 1024 && limit.rlim_max >= 1024) {
        limit.rlim_cur = 1024;
        MUST(setrlimit(RLIMIT_NOFILE, &limit));
    }
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "500 descriptors of every kind, used by 64 threads while they are captured");
    sigset_t all;
    sigfillset(&all);
    MUST(sigprocmask(SIG_SETMASK, &all, NULL)); /* workers open for themselves what they handle */
    raise_limit();
    MUST(syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0)); /* the shell's */
    start_awake_clock();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        int before = held_count(), workers = worker_count();
        kinds[i]->set_up();
        say("%s: %d descriptors, %d workers\n", kinds[i]->name, held_count() - before, worker_count() - workers);
    }
    CHECK(held_count() >= DESCRIPTORS, "%d descriptors", held_count());
    CHECK(worker_count() >= WORKERS, "%d workers", worker_count());
    start_workers();
    await_steps(STEPS_BEFORE);

    ready_and_wait();

    await_steps(STEPS_AFTER);
    tell_workers_to_stop();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i]->end)
            kinds[i]->end();
    join_workers();
    check_held();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i]->verify)
            kinds[i]->verify();
    pass();
}
