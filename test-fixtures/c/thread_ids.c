/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <sys/syscall.h>

/* libc remembers thread ids; after a launch they are others, and everything must know it. */
static volatile int go, parked, done;
static volatile pid_t worker_tid;
static __thread volatile sig_atomic_t hits;

static void on_signal(int signal_number, siginfo_t *info, void *context) {
    (void)signal_number;
    (void)context;
    note_handler();
    CHECK_EQ(info->si_pid, getpid());
    hits++;
}

static void *body(void *unused) {
    raise_flag(&parked);
    await_flag(&go);
    worker_tid = current_tid();
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(hits, 1);
    MUST0(pthread_kill(pthread_self(), SIGUSR1));
    CHECK_EQ(hits, 2);
    MUST(syscall(SYS_tgkill, getpid(), current_tid(), SIGUSR1));
    CHECK_EQ(hits, 3);
    raise_flag(&parked);
    while (hits < 4)
        sched_yield();
    raise_flag(&done);
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "raise, pthread_kill, getpid and per-thread clocks know the new ids");
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    MUST(sigaction(SIGUSR1, &action, NULL));
    pthread_t thread = start_thread(body, NULL);
    await_flag(&parked);

    ready_and_wait();

    CHECK_EQ(getpid(), syscall(SYS_getpid));
    CHECK_EQ(current_tid(), getpid());
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(hits, 1);
    MUST0(pthread_kill(pthread_self(), SIGUSR1));
    CHECK_EQ(hits, 2);
    parked = 0;
    raise_flag(&go);
    await_flag(&parked);
    MUST0(pthread_kill(thread, SIGUSR1));
    await_flag(&done);
    clockid_t clock;
    struct timespec used;
    MUST0(pthread_getcpuclockid(pthread_self(), &clock));
    MUST(clock_gettime(clock, &used));
    MUST(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used));
#ifdef __GLIBC__
    cpu_set_t set;
    MUST0(pthread_getaffinity_np(pthread_self(), sizeof set, &set));
    MUST0(pthread_setname_np(pthread_self(), "renamed"));
#endif
    int policy;
    struct sched_param parameters;
    MUST0(pthread_getschedparam(pthread_self(), &policy, &parameters));
    join_thread(thread);
    pass();
}
