/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"

#include <semaphore.h>
#include <stdio.h>

/* A named semaphore is a file in /dev/shm that is mapped shared: the launch has the same, with its value and its waiters. */
static char counter_name[64], gate_name[64];
static sem_t *counter, *gate;
static volatile pid_t waiter_tid;

static void remove_names(void) {
    sem_unlink(counter_name);
    sem_unlink(gate_name);
}

static sem_t *open_semaphore(char *name, const char *what, unsigned value) {
    snprintf(name, 64, "/undump-%s-%d", what, (int)getpid());
    sem_t *semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, value);
    CHECK(semaphore != SEM_FAILED, "sem_open: errno %d", errno);
    return semaphore;
}

static void *wait_at_gate(void *argument) {
    (void)argument;
    waiter_tid = current_tid();
    MUST(sem_wait(gate));
    return NULL;
}

static pthread_t start_waiter(void) {
    waiter_tid = 0;
    pthread_t waiter = start_thread(wait_at_gate, NULL);
    while (!waiter_tid)
        sched_yield();
    await_in_syscall(waiter_tid, -1);
    return waiter;
}

static int value_of(sem_t *semaphore) {
    int value;
    MUST(sem_getvalue(semaphore, &value));
    return value;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "named POSIX semaphores keep value and waiters");
    counter = open_semaphore(counter_name, "counter", 5);
    gate = open_semaphore(gate_name, "gate", 0);
    start_keeper(remove_names);
    MUST(sem_wait(counter));
    pthread_t waiter = start_waiter();

    ready_and_wait();

    CHECK_EQ(value_of(counter), 4);
    sem_t *again = sem_open(counter_name, 0);
    CHECK(again != SEM_FAILED, "sem_open: errno %d", errno);
    MUST(sem_wait(again));
    CHECK_EQ(value_of(counter), 3);
    MUST(sem_post(counter));
    CHECK_EQ(value_of(gate), 0);
    MUST(sem_post(gate));
    join_thread(waiter);
    CHECK_EQ(value_of(gate), 0);
    start_waiter(); /* the semaphore counts its waiters, and the next copy has one */
    pass();
}
