/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

static volatile int go, parked;
static volatile int prepared, in_parent, in_child;

static void on_prepare(void) {
    prepared++;
}

static void on_parent(void) {
    in_parent++;
}

static void on_child(void) {
    in_child++;
}

static void *body(void *unused) {
    raise_flag(&parked);
    await_flag(&go);
    return unused;
}

static void expect_status(pid_t child, int expected) {
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, expected);
}

/* The child has a working libc: locks, malloc, threads of its own, getpid. */
static void forks(void) {
    pid_t parent = getpid(), child = (pid_t)MUST(fork());
    if (child == 0) {
        CHECK(getppid() == parent, "getppid is %d", (int)getppid());
        CHECK(getpid() != parent, "getpid is the parent's");
        CHECK_EQ(in_child, 1);
        parked = 0;
        go = 1;
        join_thread(start_thread(body, NULL));
        _exit(11);
    }
    expect_status(child, 11 << 8);
    child = (pid_t)MUST(fork());
    if (child == 0) {
        raise(SIGTERM);
        _exit(1);
    }
    expect_status(child, SIGTERM);
    CHECK_EQ(prepared, 2);
    CHECK_EQ(in_parent, 2);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "fork, exec and posix_spawn afterwards, with wait and status");
    if (argc > 1 && variant_is("child"))
        _exit(argc == 3 ? 23 : 24);
    MUST0(pthread_atfork(on_prepare, on_parent, on_child));
    pthread_t thread = start_thread(body, NULL);
    await_flag(&parked);
    char program[4096];
    ssize_t length = MUST(readlink("/proc/self/exe", program, sizeof program - 1));
    program[length] = 0;

    ready_and_wait();

    forks();
    char *arguments[] = {program, (char *)"child", (char *)"again", NULL};
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        execv(program, arguments);
        _exit(99);
    }
    expect_status(child, 23 << 8);
    char *none[] = {NULL};
    MUST0(posix_spawn(&child, program, NULL, NULL, arguments, none));
    expect_status(child, 23 << 8);
    CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_EQ(errno, ECHILD);
    go = 0;
    raise_flag(&go);
    join_thread(thread);
    pass();
}
