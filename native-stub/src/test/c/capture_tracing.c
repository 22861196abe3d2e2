/* SPDX-License-Identifier: Apache-2.0 */
/* What a wait of the engine sees of a process that ends, and what it leaves for the launcher. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#undef _GNU_SOURCE
#include "capture/tracing.c"
#include "capture/buffer.c"
#include "capture/proc_files.c"
#include "capture/proc_text.c"

#include "src/test/c/support/expect.h"

#define STATUS 42

uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Returns a seized child that ends with STATUS as soon as the descriptor is closed. */
static pid_t start_child(int *ret_gate)
{
    int gate[2];
    char byte;
    if (pipe(gate) < 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? STATUS : 1);
    }
    close(gate[0]);
    *ret_gate = gate[1];
    expect(trace_seize(child, 0) == 0, "seize");
    return child;
}

static void a_stop_is_seen_once(void)
{
    int gate;
    struct stop stop;
    pid_t child = start_child(&gate);
    trace_interrupt(child);
    expect(wait_stop(child, &stop) == 0 && stop.kind == STOP_EVENT, "stop");
    expect(wait_stop_until(child, 1, &stop) == -ETIMEDOUT, "no second stop");
    kill(child, SIGKILL);
    expect(wait_stop(child, &stop) == 0 && stop.kind == STOP_GONE, "killed while it stands");
    waitpid(child, NULL, __WALL);
    close(gate);
}

static void the_end_of_a_process_is_left_for_its_parent(void)
{
    int gate, status = 0;
    struct stop stop;
    pid_t child = start_child(&gate);
    close(gate);
    expect(wait_stop(child, &stop) == 0 && stop.kind == STOP_GONE, "gone");
    expect(wait_stop_until(child, 1, &stop) == 0 && stop.kind == STOP_GONE, "still gone");
    expect(waitpid(child, &status, __WALL) == child && WIFEXITED(status) && WEXITSTATUS(status) == STATUS, "its status");
    expect(wait_stop(child, &stop) == 0 && stop.kind == STOP_GONE, "gone and waited for");
}

static void *wait_for_ever(void *argument)
{
    for (;;)
        pause();
    return argument;
}

/* Returns a child with two threads, both seized and stopped. */
static pid_t start_stopped_threads(void)
{
    pid_t child = fork(), *tids = NULL;
    size_t count = 0;
    struct stop stop;
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, wait_for_ever, NULL);
        wait_for_ever(NULL);
    }
    while (count < 2) {
        free(tids);
        if (list_proc_numbers(&tids, &count, "%d/task", child) < 0)
            count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        expect(trace_seize(tids[i], 0) == 0 && trace_interrupt(tids[i]) == 0, "the thread is traced");
        expect(wait_stop(tids[i], &stop) == 0 && stop.kind == STOP_EVENT, "the thread stops");
    }
    free(tids);
    return child;
}

/* The kernel keeps the main thread's end back until the other thread is reaped, which nobody here does. */
static void the_end_of_a_main_thread_is_seen_before_the_others_are_reaped(void)
{
    pid_t child = start_stopped_threads();
    struct stop stop = {STOP_OTHER, 0, 0};
    int status;
    kill(child, SIGKILL);
    expect(wait_stop(child, &stop) == 0 && stop.kind == STOP_GONE, "the main thread is gone");
    while (waitpid(-1, &status, __WALL) > 0)
        ;
}

int main(void)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    a_stop_is_seen_once();
    the_end_of_a_process_is_left_for_its_parent();
    alarm(30); /* to hang is to fail */
    the_end_of_a_main_thread_is_seen_before_the_others_are_reaped();
    return failures != 0;
}
