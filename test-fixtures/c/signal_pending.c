/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/syscall.h>

/*
 * Blocked and pending at the capture: a process signal with payload, a plain one, one for a thread,
 * and queued realtime signals that must come in order.
 */
enum { QUEUED = 10 };

static int order[QUEUED + 8], received;
static siginfo_t infos[QUEUED + 8];
static volatile int parked, go;
static pid_t sender;
static __thread volatile int thread_hits;

static void on_signal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    note_handler();
    order[received] = signal_number;
    infos[received++] = *info;
}

static void on_thread_signal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    (void)signal_number;
    CHECK_EQ(info->si_value.sival_int, 99);
    thread_hits++;
}

static void *body(void *unused) {
    siginfo_t info = {.si_signo = SIGRTMIN + 7, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_value.sival_int = 99;
    MUST(syscall(SYS_rt_tgsigqueueinfo, getpid(), current_tid(), SIGRTMIN + 7, &info));
    raise_flag(&parked);
    await_flag(&go);
    sigset_t pending, none;
    MUST(sigpending(&pending));
    CHECK(sigismember(&pending, SIGRTMIN + 7), "the thread's signal is not pending");
    CHECK_EQ(thread_hits, 0);
    sigemptyset(&none);
    MUST0(pthread_sigmask(SIG_SETMASK, &none, NULL));
    CHECK_EQ(thread_hits, 1);
    return unused;
}

static void check_received(void) {
    CHECK_EQ(received, QUEUED + 3);
    /* The kernel hands out pending signals lowest number first, handlers nest the other way. */
    int queued = 0, users = 0, plain = 0;
    for (int i = 0; i < received; i++) {
        if (order[i] == SIGRTMIN + 1) {
            CHECK_EQ(infos[i].si_code, SI_QUEUE);
            CHECK_EQ(infos[i].si_value.sival_int, 100 + queued);
            CHECK_EQ(infos[i].si_uid, getuid());
            queued++;
        } else if (order[i] == SIGUSR1) {
            CHECK_EQ(infos[i].si_code, SI_QUEUE);
            CHECK(infos[i].si_value.sival_ptr == (void *)0x123456789a, "payload %p",
                  infos[i].si_value.sival_ptr);
            CHECK_EQ(infos[i].si_pid, sender);
            users++;
        } else if (order[i] == SIGUSR2) {
            CHECK_EQ(infos[i].si_code, SI_USER);
            plain++;
        } else {
            CHECK_EQ(order[i], SIGTERM);
        }
    }
    CHECK_EQ(queued, QUEUED);
    CHECK_EQ(users, 1);
    CHECK_EQ(plain, 1);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pending signals of process and threads, payloads and order kept");
    sigset_t all, pending;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    static const int numbers[] = {SIGUSR1, SIGUSR2, SIGTERM};
    for (int i = 0; i < 3; i++)
        MUST(sigaction(numbers[i], &action, NULL));
    MUST(sigaction(SIGRTMIN + 1, &action, NULL));
    action.sa_sigaction = on_thread_signal;
    MUST(sigaction(SIGRTMIN + 7, &action, NULL));
    sigfillset(&all);
    MUST0(pthread_sigmask(SIG_BLOCK, &all, NULL));
    sender = getpid();
    MUST(sigqueue(sender, SIGUSR1, (union sigval){.sival_ptr = (void *)0x123456789a}));
    MUST(kill(sender, SIGUSR2));
    MUST(kill(sender, SIGTERM));
    for (int i = 0; i < QUEUED; i++)
        MUST(sigqueue(sender, SIGRTMIN + 1, (union sigval){.sival_int = 100 + i}));
    pthread_t thread = start_thread(body, NULL);
    await_flag(&parked);

    ready_and_wait();

    CHECK_EQ(received, 0);
    MUST(sigpending(&pending));
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGTERM), "nothing is pending");
    CHECK(!sigismember(&pending, SIGRTMIN + 7), "main has the thread's signal");
    CHECK(!sigismember(&pending, SIGHUP), "a signal that nobody sent is pending");
    MUST0(pthread_sigmask(SIG_UNBLOCK, &all, NULL));
    check_received();
    raise_flag(&go);
    join_thread(thread);
    pass();
}
