/* SPDX-License-Identifier: Apache-2.0 */
/* Another process that shares memory with the fixture and is no child of it. It ends when the fixture does. */
#ifndef UNDUMP_FIXTURE_PARTNER_H
#define UNDUMP_FIXTURE_PARTNER_H

#include "fixture.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static inline void partner_wait(volatile int *word, int while_it_is) {
    struct timespec moment = {0, 20 * NS_PER_MS};
    syscall(SYS_futex, word, FUTEX_WAIT, while_it_is, &moment, NULL, 0);
}

static inline void partner_set(volatile int *word, int value) {
    *word = value;
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* Answers a question in words[0] by words[1], once. */
static inline void be_partner(pid_t program, volatile int *words) {
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, program, 0), .events = POLLIN};
    if (end.fd < 0)
        _exit(1);
    if (!words)
        poll(&end, 1, -1);
    while (words && poll(&end, 1, 0) == 0) {
        if (words[0])
            partner_set(&words[1], words[0] + 1);
        partner_wait(&words[0], words[0]);
    }
    _exit(0);
}

/* Words is memory that the two share, or NULL. */
static inline void start_partner(volatile int *words) {
    pid_t program = getpid(), middle = (pid_t)MUST(fork());
    if (middle == 0) {
        if (fork() == 0)
            be_partner(program, words);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(middle, &status, 0), middle);
    CHECK_EQ(status, 0);
}

static inline void ask_partner(volatile int *words, int question) {
    partner_set(&words[0], question);
    while (words[1] != question + 1)
        partner_wait(&words[1], words[1]);
}

#endif
