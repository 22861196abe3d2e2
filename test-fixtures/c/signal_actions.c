/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/syscall.h>

/* The kernel's own structure: libc hides the restorer and some flags. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

enum { SIGNALS = 64 };

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

static volatile int hits;

static void on_signal(int signal_number) {
    hits = signal_number;
}

static void read_action(int signal_number, struct kernel_action *ret) {
    MUST(syscall(SYS_rt_sigaction, signal_number, NULL, ret, 8));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "dispositions of all signals: handler, flags, mask, restorer");
    static const unsigned long flags[] = {0, SA_RESTART, SA_SIGINFO | SA_NODEFER, SA_ONSTACK,
                                          SA_RESETHAND | SA_RESTART, SA_NOCLDSTOP | SA_NOCLDWAIT};
    static struct kernel_action before[SIGNALS + 1];
    struct sigaction probe = {.sa_handler = on_signal};
    MUST(sigaction(SIGUSR1, &probe, NULL));
    struct kernel_action template;
    read_action(SIGUSR1, &template); /* for its restorer */
    for (int i = 1; i <= SIGNALS; i++) {
        if (i == SIGKILL || i == SIGSTOP)
            continue;
        if (i >= 32 && i < SIGRTMIN) { /* ignored where posix_spawn(3) has started this, and a launch does not keep what its starter ignored */
            struct kernel_action none = {0};
            MUST(syscall(SYS_rt_sigaction, i, &none, NULL, 8));
            continue;
        }
        struct kernel_action action = {
            .handler = i % 5 == 0 ? 0 /* SIG_DFL */ : i % 7 == 0 ? 1 /* SIG_IGN */ : template.handler,
            .flags = flags[i % 6] | SA_RESTORER,
            .restorer = template.restorer,
            .mask = pattern_word(3, (size_t)i) & ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))};
        MUST(syscall(SYS_rt_sigaction, i, &action, NULL, 8));
    }
    for (int i = 1; i <= SIGNALS; i++)
        read_action(i, &before[i]);

    ready_and_wait();

    for (int i = 1; i <= SIGNALS; i++) {
        struct kernel_action now;
        read_action(i, &now);
        CHECK(now.handler == before[i].handler, "signal %d: handler %p became %p", i,
              (void *)before[i].handler, (void *)now.handler);
        CHECK(now.flags == before[i].flags, "signal %d: flags 0x%lx became 0x%lx", i,
              before[i].flags, now.flags);
        CHECK(now.mask == before[i].mask, "signal %d: mask 0x%llx became 0x%llx", i,
              (unsigned long long)before[i].mask, (unsigned long long)now.mask);
        CHECK(now.restorer == before[i].restorer, "signal %d: restorer %p became %p", i,
              (void *)before[i].restorer, (void *)now.restorer);
    }
    raise(SIGHUP);
    CHECK_EQ(hits, SIGHUP);
    raise(SIGINT);
    CHECK_EQ(hits, SIGINT);
    pass();
}
