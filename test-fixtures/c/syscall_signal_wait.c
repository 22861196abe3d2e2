/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>

/*
 * Waits that a signal ends: pause, sigsuspend, ppoll, pselect and epoll_pwait with a mask that
 * opens SIGUSR1. The signal comes after the launch; each wait must meet it and no other end, and
 * leave the thread's own mask (SIGUSR1 and SIGUSR2 closed) behind.
 */
static volatile int hits;
static int epoll_fd, pipe_ends[2];

static void on_signal(int signal_number) {
    (void)signal_number;
    __atomic_add_fetch(&hits, 1, __ATOMIC_SEQ_CST);
}

static sigset_t open_mask(void) {
    sigset_t mask;
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    sigdelset(&mask, SIGUSR1);
    return mask;
}

static void use_pause(struct inflight *self) {
    sigset_t mask = open_mask();
    MUST0(pthread_sigmask(SIG_SETMASK, &mask, NULL));
    inflight_result(self, pause());
    sigaddset(&mask, SIGUSR1);
    MUST0(pthread_sigmask(SIG_SETMASK, &mask, NULL));
}

static void use_sigsuspend(struct inflight *self) {
    sigset_t mask = open_mask();
    inflight_result(self, sigsuspend(&mask));
}

static void use_ppoll(struct inflight *self) {
    struct pollfd entry = {.fd = pipe_ends[0], .events = POLLIN};
    sigset_t mask = open_mask();
    inflight_result(self, ppoll(&entry, 1, NULL, &mask));
}

static void use_pselect(struct inflight *self) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    sigset_t mask = open_mask();
    inflight_result(self, pselect(pipe_ends[0] + 1, &set, NULL, NULL, NULL, &mask));
}

static void use_epoll_pwait(struct inflight *self) {
    struct epoll_event event;
    sigset_t mask = open_mask();
    inflight_result(self, epoll_pwait(epoll_fd, &event, 1, -1, &mask));
}

static void (*body_of(const char *name))(struct inflight *) {
    if (strcmp(name, "pause") == 0)
        return use_pause;
    if (strcmp(name, "sigsuspend") == 0)
        return use_sigsuspend;
    if (strcmp(name, "ppoll") == 0)
        return use_ppoll;
    if (strcmp(name, "pselect") == 0)
        return use_pselect;
    epoll_fd = (int)MUST(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN};
    MUST(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipe_ends[0], &event));
    return use_epoll_pwait;
}

static struct inflight waiting;

static void checked_body(struct inflight *self) {
    body_of(fixture_variant())(self);
    sigset_t mask;
    MUST0(pthread_sigmask(SIG_SETMASK, NULL, &mask));
    CHECK(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGUSR2), "the mask was not restored");
    CHECK(!sigismember(&mask, SIGALRM), "SIGALRM is blocked");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "waits with a temporary signal mask end by a signal only");
    struct sigaction action = {.sa_handler = on_signal};
    MUST(sigaction(SIGUSR1, &action, NULL));
    MUST(sigaction(SIGUSR2, &action, NULL));
    MUST(pipe(pipe_ends));
    sigset_t closed;
    sigemptyset(&closed);
    sigaddset(&closed, SIGUSR1);
    sigaddset(&closed, SIGUSR2);
    MUST0(pthread_sigmask(SIG_BLOCK, &closed, NULL));
    waiting = (struct inflight){.body = checked_body, .nr = -1};
    inflight_start(&waiting);

    ready_and_wait();

    MUST0(pthread_kill(waiting.thread, SIGUSR2)); /* closed in the wait as well: must not end it */
    CHECK_EQ(hits, 0);
    MUST0(pthread_kill(waiting.thread, SIGUSR1));
    /* pause() has the signal open before the call as well, and may miss it then. */
    while (variant_is("pause") && !__atomic_load_n(&waiting.ended, __ATOMIC_SEQ_CST)) {
        struct timespec moment = {.tv_nsec = 10 * NS_PER_MS};
        nanosleep(&moment, NULL);
        MUST0(pthread_kill(waiting.thread, SIGUSR1));
    }
    inflight_join(&waiting);
    CHECK_EQ(waiting.result, -1);
    CHECK_EQ(waiting.error, EINTR);
    CHECK(variant_is("pause") ? hits >= 1 : hits == 1, "%d handler runs", hits);
    pass();
}
