/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <sys/signalfd.h>
#include <sys/syscall.h>

/*
 * Signals with numbered values, taken by sigwaitinfo, from a signalfd, and by a handler of one thread: each exactly once and in
 * order. Nothing is sent to a number: after a launch it may be another process's.
 */
enum { RESTING = 12, WINDOW = 24 };

static struct queue {
    const char *name;
    int signal_offset;
    struct worker *receiver; /* of those that a handler takes */
    volatile uint64_t sent, taken;
    volatile bool ended;
} queues[] = {{.name = "sigwaitinfo", .signal_offset = 3}, {.name = "signalfd", .signal_offset = 4}, {.name = "handler", .signal_offset = 5}};
static int self_pidfd, reader, resting[RESTING];

static void note_taken(struct queue *queue, int number, int code, int value, pid_t sender) {
    CHECK_EQ(number, SIGRTMIN + queue->signal_offset);
    CHECK_EQ(code, SI_QUEUE);
    CHECK_EQ(sender, 4711);
    CHECK(value == (int)queue->taken, "signal to %s: value %d instead of %d", queue->name, value, (int)queue->taken);
    queue->taken++;
}

static long send_one(const struct queue *queue, siginfo_t *info) {
    if (!queue->receiver)
        return syscall(SYS_pidfd_send_signal, self_pidfd, info->si_signo, info, 0);
    return syscall(SYS_rt_tgsigqueueinfo, life(), queue->receiver->tid, info->si_signo, info);
}

static void send_signals(struct worker *self) {
    struct queue *queue = self->argument;
    for (; !stopping(); step(self)) {
        if (queue->sent >= queue->taken + WINDOW || (queue->receiver && !queue->receiver->tid))
            continue;
        siginfo_t info = {.si_signo = SIGRTMIN + queue->signal_offset, .si_code = SI_QUEUE};
        info.si_value.sival_int = (int)queue->sent;
        info.si_pid = 4711;
        long result = send_one(queue, &info);
        if (result == 0)
            queue->sent++;
        else /* no room for more signals of this user; or the thread has got another number */
            CHECK(errno == EAGAIN || (errno == ESRCH && queue->receiver), "sending a signal to %s: errno %d", queue->name, errno);
    }
    queue->ended = true;
}

static bool more_comes(const struct queue *queue) {
    return !queue->ended || queue->taken < queue->sent;
}

static void take_by_waiting(struct worker *self) {
    struct queue *queue = self->argument;
    struct timespec limit = to_timespec(50 * NS_PER_MS);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + queue->signal_offset);
    while (more_comes(queue)) {
        siginfo_t info;
        if (sigtimedwait(&set, &info, &limit) < 0) {
            CHECK(errno == EAGAIN, "sigtimedwait: errno %d", errno);
            continue;
        }
        note_taken(queue, info.si_signo, info.si_code, info.si_value.sival_int, info.si_pid);
        step(self);
    }
}

static void take_from_descriptor(struct worker *self) {
    struct queue *queue = self->argument;
    while (more_comes(queue)) {
        struct signalfd_siginfo info[4];
        ssize_t size = read(reader, info, sizeof info);
        if (size < 0) {
            CHECK_EQ(errno, EAGAIN);
            step(self);
            continue;
        }
        for (size_t i = 0; i < (size_t)size / sizeof info[0]; i++)
            note_taken(queue, (int)info[i].ssi_signo, info[i].ssi_code, info[i].ssi_int, (pid_t)info[i].ssi_pid);
        step(self);
    }
}

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)context;
    note_taken(&queues[2], number, info->si_code, info->si_value.sival_int, info->si_pid);
}

static void take_by_handler(struct worker *self) {
    struct queue *queue = self->argument;
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    sigset_t set;
    action.sa_sigaction = on_signal;
    sigfillset(&action.sa_mask);
    MUST(sigaction(SIGRTMIN + queue->signal_offset, &action, NULL));
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + queue->signal_offset);
    self->is_interrupted = true;
    MUST0(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
    while (more_comes(queue))
        step(self);
}

static void set_up(void) {
    self_pidfd = hold((int)MUST(syscall(SYS_pidfd_open, life(), 0)));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + queues[1].signal_offset);
    reader = hold(signalfd(-1, &set, SFD_NONBLOCK));
    for (int i = 0; i < 3; i++) {
        static void (*const ways[])(struct worker *) = {take_by_waiting, take_from_descriptor, take_by_handler};
        struct worker *taker = start_worker(queues[i].name, ways[i], &queues[i]);
        queues[i].receiver = i == 2 ? taker : NULL;
        start_worker("send signals", send_signals, &queues[i]);
    }
    for (int i = 0; i < RESTING; i++) {
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        sigaddset(&set, SIGRTMAX - i);
        resting[i] = hold(signalfd(-1, &set, SFD_NONBLOCK | (i % 2 ? SFD_CLOEXEC : 0)));
    }
}

static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        struct signalfd_siginfo info;
        CHECK_EQ(read(resting[i], &info, sizeof info), -1);
        CHECK_EQ(errno, EAGAIN);
        MUST0(pthread_kill(pthread_self(), SIGRTMAX - i));
        CHECK_EQ(read(resting[i], &info, sizeof info), sizeof info);
        CHECK_EQ(info.ssi_signo, SIGRTMAX - i);
    }
}

const struct stress_kind stress_signals = {.name = "signals", .set_up = set_up, .verify = verify};
