/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * Queued signals of every si_code, for the process and for one thread, with all that they tell: as the kernel makes them ("made"),
 * and as a program may queue them to itself ("sent").
 */
enum { INFO_BYTES = 48 }; /* what the kernel keeps of a siginfo_t */

static void block_all(void) {
    sigset_t all;
    sigfillset(&all);
    MUST0(pthread_sigmask(SIG_SETMASK, &all, NULL));
}

/* By the kernel's call: glibc's tells SI_USER for SI_TKILL. */
static siginfo_t take(int number) {
    siginfo_t info;
    uint64_t set = 1ull << (number - 1);
    struct timespec at_once = {0, 0};
    memset(&info, 0, sizeof info);
    CHECK(syscall(SYS_rt_sigtimedwait, &set, &info, &at_once, sizeof set) == number, "signal %d is not pending: errno %d", number, errno);
    CHECK_EQ(info.si_signo, number);
    return info;
}

static void expect_no_more(int number) {
    sigset_t pending;
    MUST(sigpending(&pending));
    CHECK(!sigismember(&pending, number), "signal %d is still pending", number);
}

/* ---- sent ---- */

static const int codes[] = {SI_USER,    SI_QUEUE, SI_TIMER, SI_MESGQ, SI_ASYNCIO, SI_SIGIO,
                            SI_TKILL,   -7 /* SI_DETHREAD */, -60 /* SI_ASYNCNL */, 0x80 /* SI_KERNEL */, 2 /* POLL_OUT, CLD_KILLED */};
enum { CODES = sizeof codes / sizeof codes[0] };
static volatile int parked, go;

static siginfo_t sent_info(int number, int code, int salt) {
    siginfo_t info = {.si_signo = number, .si_errno = salt, .si_code = code};
    info.si_pid = 1000 + salt;
    info.si_uid = 2000u + (unsigned)salt;
    info.si_value.sival_ptr = (void *)(0x1234567800000000 + (uintptr_t)salt);
    return info;
}

static void send_all(pid_t thread, int salt) {
    for (int i = 0; i < CODES; i++)
        for (int turn = 0; turn < 2; turn++) { /* one number keeps its signals in order */
            siginfo_t info = sent_info(SIGRTMIN + 1 + i, codes[i], salt + turn);
            MUST(thread ? syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, info.si_signo, &info)
                        : syscall(SYS_rt_sigqueueinfo, getpid(), info.si_signo, &info));
        }
}

static void expect_all(int salt) {
    for (int i = 0; i < CODES; i++)
        for (int turn = 0; turn < 2; turn++) {
            siginfo_t expected = sent_info(SIGRTMIN + 1 + i, codes[i], salt + turn), found = take(SIGRTMIN + 1 + i);
            CHECK(memcmp(&found, &expected, INFO_BYTES) == 0, "signal of code %d: code %d, errno %d, pid %d, uid %u, value %p", codes[i],
                  found.si_code, found.si_errno, found.si_pid, found.si_uid, found.si_value.sival_ptr);
        }
}

static void *hold_signals(void *unused) {
    send_all(current_tid(), 30);
    raise_flag(&parked);
    await_flag(&go);
    expect_all(30); /* its own come before those of the process */
    return unused;
}

static void sent(void) {
    pthread_t thread = start_thread(hold_signals, NULL);
    await_flag(&parked);
    send_all(0, 10);
    ready_and_wait();
    raise_flag(&go);
    join_thread(thread);
    expect_all(10);
    for (int i = 0; i < CODES; i++)
        expect_no_more(SIGRTMIN + 1 + i);
}

/* ---- made by the kernel ---- */

static void signal_input(int ends[2], int number) {
    MUST(pipe(ends));
    MUST(fcntl(ends[0], F_SETSIG, number));
    MUST(fcntl(ends[0], F_SETOWN, getpid()));
    MUST(fcntl(ends[0], F_SETFL, O_ASYNC));
    CHECK_EQ(write(ends[1], "x", 1), 1);
    MUST(fcntl(ends[0], F_SETFL, 0)); /* the signal stays */
    MUST(fcntl(ends[0], F_SETSIG, 0));
    MUST(fcntl(ends[0], F_SETOWN, 0));
}

static void signal_message(int number) {
    char name[64];
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number, .sigev_value.sival_int = 44};
    snprintf(name, sizeof name, "/undump-fixture-%d", (int)getpid());
    mqd_t queue = mq_open(name, O_RDWR | O_CREAT, 0600, &attributes);
    CHECK(queue >= 0, "mq_open: errno %d", errno);
    MUST(mq_notify(queue, &event));
    MUST(mq_send(queue, "x", 1, 0));
    mq_close(queue);
    mq_unlink(name);
}

static void signal_time(int number) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number, .sigev_value.sival_int = 55};
    struct itimerspec soon = {.it_value.tv_nsec = 1};
    timer_t timer;
    sigset_t pending;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    MUST(timer_settime(timer, 0, &soon, NULL));
    do
        MUST(sigpending(&pending));
    while (!sigismember(&pending, number));
}

static void signal_child(void) {
    pid_t child = (pid_t)MUST(fork());
    int status;
    if (child == 0)
        _exit(66);
    CHECK_EQ(waitpid(child, &status, 0), child);
}

static void made(void) {
    pid_t before = getpid();
    int ends[2];
    MUST(kill(before, SIGUSR1));
    MUST(sigqueue(before, SIGRTMIN + 1, (union sigval){.sival_int = 33}));
    MUST0(pthread_kill(pthread_self(), SIGUSR2));
    signal_input(ends, SIGRTMIN + 2);
    signal_message(SIGRTMIN + 3);
    signal_time(SIGRTMIN + 4);
    signal_child();

    ready_and_wait();

    siginfo_t info = take(SIGUSR1);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EQ(info.si_pid, before);
    CHECK_EQ(info.si_uid, getuid());
    info = take(SIGRTMIN + 1);
    CHECK_EQ(info.si_code, SI_QUEUE);
    CHECK_EQ(info.si_pid, before);
    CHECK_EQ(info.si_value.sival_int, 33);
    info = take(SIGUSR2);
    CHECK_EQ(info.si_code, SI_TKILL);
    CHECK_EQ(info.si_pid, before);
    info = take(SIGRTMIN + 2);
    CHECK_EQ(info.si_code, POLL_IN);
    CHECK_EQ(info.si_fd, ends[0]);
    CHECK(info.si_band != 0, "the band is lost");
    info = take(SIGRTMIN + 3);
    CHECK_EQ(info.si_code, SI_MESGQ);
    CHECK_EQ(info.si_pid, before);
    CHECK_EQ(info.si_value.sival_int, 44);
    info = take(SIGRTMIN + 4);
    CHECK_EQ(info.si_code, SI_TIMER);
    CHECK_EQ(info.si_value.sival_int, 55);
    CHECK_EQ(info.si_overrun, 0);
    info = take(SIGCHLD);
    CHECK_EQ(info.si_code, CLD_EXITED);
    CHECK_EQ(info.si_status, 66);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "queued signals of every si_code, with what they tell");
    block_all();
    if (variant_is("sent"))
        sent();
    else
        made();
    pass();
}
