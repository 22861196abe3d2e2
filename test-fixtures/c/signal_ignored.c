/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/wait.h>

/* Ignored SIGCHLD lets the kernel reap children; ignored SIGPIPE turns death into EPIPE. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "ignored signals stay ignored, SIGCHLD's reaping included");
    MUST(signal(SIGCHLD, SIG_IGN) == SIG_ERR ? -1 : 0);
    MUST(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
    int ends[2];
    MUST(pipe(ends));
    MUST(close(ends[0]));

    ready_and_wait();

    CHECK_EQ(write(ends[1], "x", 1), -1);
    CHECK_EQ(errno, EPIPE);
    pid_t child = (pid_t)MUST(fork());
    if (child == 0)
        _exit(5);
    CHECK_EQ(waitpid(child, NULL, 0), -1);
    CHECK_EQ(errno, ECHILD);
    pass();
}
