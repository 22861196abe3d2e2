/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* Descriptors that send signals: O_ASYNC with F_SETOWN and F_SETSIG, to the process, a thread, the group. */
static volatile sig_atomic_t came, descriptor, receiver;

static void on_signal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    note_handler();
    descriptor = info->si_fd;
    receiver = (sig_atomic_t)syscall(SYS_gettid);
    came = signal_number; /* last: the other thread looks at this first */
}

static void catch_signal(int signal_number) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
    action.sa_sigaction = on_signal;
    MUST(sigaction(signal_number, &action, NULL));
}

static void expect_signal(int fd, int reader, int signal_number) {
    came = 0;
    CHECK_EQ(write(fd, "x", 1), 1);
    while (came == 0) { /* a signal to another thread takes a moment */
        struct timespec pause = to_timespec(NS_PER_MS);
        nanosleep(&pause, NULL);
    }
    CHECK_EQ(came, signal_number);
    CHECK_EQ(descriptor, reader);
    char byte;
    CHECK_EQ(read(reader, &byte, 1), 1);
}

static void set_async(int fd, int type, pid_t owner, int signal_number) {
    struct f_owner_ex value = {.pid = owner};
    value.type = type;
    MUST(fcntl(fd, F_SETOWN_EX, &value));
    MUST(fcntl(fd, F_SETSIG, signal_number));
    MUST(fcntl(fd, F_SETFL, MUST(fcntl(fd, F_GETFL)) | O_ASYNC));
}

static void check_owner(int fd, int type, pid_t owner, int signal_number) {
    struct f_owner_ex value = {0};
    MUST(fcntl(fd, F_GETOWN_EX, &value));
    CHECK_EQ(value.type, type);
    CHECK_EQ(value.pid, owner);
    CHECK_EQ(fcntl(fd, F_GETSIG), signal_number);
}

static volatile int listening, done;
static volatile pid_t listener;

/* The only thread that lets the signal of its own descriptor in. */
static void *listen_for_signals(void *unused) {
    sigset_t mine;
    sigemptyset(&mine);
    sigaddset(&mine, SIGRTMIN + 2);
    MUST0(pthread_sigmask(SIG_UNBLOCK, &mine, NULL));
    listener = current_tid();
    raise_flag(&listening);
    await_flag(&done);
    listener = current_tid();
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "O_ASYNC, F_SETOWN and F_SETSIG of pipes and sockets");
    int of_process[2], of_thread[2], of_group[2], silent[2], pair[2];
    sigset_t threads_own;
    sigemptyset(&threads_own);
    sigaddset(&threads_own, SIGRTMIN + 2);
    MUST0(pthread_sigmask(SIG_BLOCK, &threads_own, NULL));
    for (int i = 1; i <= 4; i++)
        catch_signal(SIGRTMIN + i);
    pthread_t thread = start_thread(listen_for_signals, NULL);
    await_flag(&listening);
    MUST(pipe(of_process));
    MUST(pipe(of_thread));
    MUST(pipe(of_group));
    MUST(pipe(silent));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    set_async(of_process[0], F_OWNER_PID, getpid(), SIGRTMIN + 1);
    set_async(of_thread[0], F_OWNER_TID, listener, SIGRTMIN + 2);
    set_async(pair[0], F_OWNER_PID, getpid(), SIGRTMIN + 4);
    MUST(fcntl(silent[0], F_SETOWN, getpid()));
    MUST(fcntl(silent[0], F_SETSIG, SIGRTMIN + 3));
    MUST(fcntl(of_group[0], F_SETOWN, -getpgrp()));

    ready_and_wait();

    pid_t self = (pid_t)syscall(SYS_getpid);
    check_owner(of_process[0], F_OWNER_PID, self, SIGRTMIN + 1);
    check_owner(silent[0], F_OWNER_PID, self, SIGRTMIN + 3);
    check_owner(of_group[0], F_OWNER_PGRP, getpgrp(), 0);
    check_owner(pair[0], F_OWNER_PID, self, SIGRTMIN + 4);
    CHECK_EQ(fcntl(silent[0], F_GETFL) & O_ASYNC, 0);
    expect_signal(of_process[1], of_process[0], SIGRTMIN + 1);
    expect_signal(pair[1], pair[0], SIGRTMIN + 4);
    expect_signal(of_thread[1], of_thread[0], SIGRTMIN + 2);
    pid_t received = receiver;
    raise_flag(&done);
    join_thread(thread);
    CHECK_EQ(received, listener);
    struct f_owner_ex owner = {.pid = listener};
    while (owner.pid != 0) { /* the kernel forgets the thread some time after it can be joined */
        usleep(1000);
        MUST(fcntl(of_thread[0], F_GETOWN_EX, &owner));
    }
    check_owner(of_thread[0], F_OWNER_TID, 0, SIGRTMIN + 2);
    pass();
}
