/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * Programs that have locked themselves in: the filters of each thread hold after the launch, and the launch itself does
 * nothing that they would kill for.
 */
#define LARGE (4 * MIB)
#define NUMBER offsetof(struct seccomp_data, nr)
#define ANSWER(number, action) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define ALLOWED(number) ANSWER(number, SECCOMP_RET_ALLOW)
#define COUNT(filter) (unsigned short)(sizeof(filter) / sizeof((filter)[0]))

static volatile int thread_ready, go;
static uint8_t *large;

static void set_filter(const struct sock_filter *filter, unsigned short length, bool by_prctl) {
    struct sock_fprog program = {.len = length, .filter = (struct sock_filter *)filter};
    if (by_prctl)
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
    else
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program));
}

/* Answers one call with an error of its own, and leaves all others to filters before. */
static void set_answer(int number, int error, bool by_prctl) {
    const struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
                                         ANSWER((uint32_t)number, SECCOMP_RET_ERRNO | (uint32_t)error),
                                         BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    set_filter(filter, COUNT(filter), by_prctl);
}

/* Only what the program does from here on; everything else is death. No seccomp(2): the next filters come by prctl(2). */
static void set_whitelist(void) {
    static const struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
        ALLOWED(SYS_read), ALLOWED(SYS_write), ALLOWED(SYS_futex), ALLOWED(SYS_prctl), ALLOWED(SYS_rt_sigreturn),
        ALLOWED(SYS_clock_nanosleep), ALLOWED(SYS_sched_yield), ALLOWED(SYS_exit), ALLOWED(SYS_exit_group),
        ALLOWED(SYS_getppid), ALLOWED(SYS_getpriority), ALLOWED(SYS_madvise), ALLOWED(SYS_munmap), ALLOWED(SYS_rt_sigprocmask),
        ALLOWED(SYS_gettid), ALLOWED(SYS_getpid),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    set_filter(filter, COUNT(filter), true);
}

static void check_answer(long number, int error) {
    errno = 0;
    CHECK_EQ(syscall(number, 0, 0), -1);
    CHECK_EQ(errno, error);
}

static void *filtered_thread(void *unused) {
    (void)unused;
    set_answer(SYS_getppid, 76, false);
    set_answer(SYS_getpriority, 78, true);
    raise_flag(&thread_ready);
    await_flag(&go);
    check_answer(SYS_getppid, 76);
    check_answer(SYS_getpriority, 78);
    return NULL;
}

/* Nothing but read, write and _exit(2) of the thread: it ends by SIGKILL if it does anything else. */
static void *strict_thread(void *end) {
    char byte;
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    thread_ready = 1;
    if (read(*(int *)end, &byte, 1) != 1)
        return NULL;
    go = 2;
    syscall(SYS_exit, 0);
    return NULL;
}

static void check_strict(void) {
    int ends[2];
    pthread_t thread;
    MUST(pipe(ends));
    thread = start_thread(strict_thread, &ends[0]);
    (void)thread;
    while (!thread_ready) /* which it cannot raise by a call any more */
        sched_yield();
    ready_and_wait();
    MUST(write(ends[1], "x", 1));
    while (go != 2)
        sched_yield();
    pass();
}

static const struct timespec wait_time = {2, 0};
static volatile int waiting;
static int unchanged_word;

static const struct wait {
    long number, arguments[4];
} waits[] = {
    {SYS_nanosleep, {(long)&wait_time, 0}},
    {SYS_clock_nanosleep, {CLOCK_MONOTONIC, 0, (long)&wait_time, 0}},
    {SYS_poll, {0, 0, 2000}},
    {SYS_futex, {(long)&unchanged_word, FUTEX_WAIT_PRIVATE, 0, (long)&wait_time}},
};

/* The kernel goes on with a wait that a stop broke off by restart_syscall(2), for which this filter kills. */
static void *wait_filtered(void *argument) {
    static const struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER),
                                                ANSWER(SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS),
                                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct wait *wait = argument;
    set_filter(filter, COUNT(filter), true);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    __atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
    errno = 0;
    long result = syscall(wait->number, wait->arguments[0], wait->arguments[1], wait->arguments[2], wait->arguments[3]);
    CHECK_EQ(result, wait->number == SYS_futex ? -1 : 0);
    CHECK_EQ(errno, wait->number == SYS_futex ? ETIMEDOUT : 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 1999 * INT64_C(1000000), "a wait was cut short");
    return NULL;
}

static void check_waits(void) {
    pthread_t threads[sizeof(waits) / sizeof(waits[0])];
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        threads[i] = start_thread(wait_filtered, (void *)&waits[i]);
    while (waiting < (int)(sizeof(waits) / sizeof(waits[0])))
        sched_yield();
    ready_and_wait();
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
        join_thread(threads[i]);
    pass();
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "seccomp filters of the process and of a thread, and strict mode, hold after a launch");
    if (variant_is("strict"))
        check_strict();
    if (variant_is("waits"))
        check_waits();
    large = map_memory(LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    fill_pattern(large, LARGE, 3);
    if (!variant_is("privileged"))
        MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    else if (geteuid() != 0)
        skip("without no_new_privs only root may set filters");
    pthread_t thread = 0;
    if (variant_is("thread")) {
        thread = start_thread(filtered_thread, NULL);
        await_flag(&thread_ready);
    }
    set_answer(SYS_getppid, 77, false);
    set_whitelist();
    ready_and_wait();
    CHECK_EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), SECCOMP_MODE_FILTER);
    check_answer(SYS_getppid, 77);
    MUST(syscall(SYS_getpriority, 0, 0));
    check_pattern(large, LARGE, 3, "memory");
    MUST(madvise(large, LARGE, MADV_DONTNEED));
    check_zero(large, LARGE, "discarded memory");
    raise_flag(&go);
    if (thread)
        join_thread(thread);
    pass();
}
