/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/signalfd.h>

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "signalfd: its mask, flags, and a signal that waits in it");
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigaddset(&mask, SIGRTMIN + 2);
    MUST0(pthread_sigmask(SIG_BLOCK, &mask, NULL));
    int fd = (int)MUST(signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
    MUST(sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = 808}));

    ready_and_wait();

    struct signalfd_siginfo info;
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(read(fd, &info, sizeof info), (ssize_t)sizeof info);
    CHECK_EQ(info.ssi_signo, SIGRTMIN + 2);
    CHECK_EQ(info.ssi_int, 808);
    CHECK_EQ(read(fd, &info, sizeof info), -1);
    CHECK_EQ(errno, EAGAIN);
    MUST(kill(getpid(), SIGUSR1));
    CHECK_EQ(read(fd, &info, sizeof info), (ssize_t)sizeof info);
    CHECK_EQ(info.ssi_signo, SIGUSR1);
    pass();
}
