/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"

#include <sched.h>
#include <stdio.h>
#include <sys/sem.h>
#include <sys/syscall.h>

/*
 * System V semaphores are the system's. What the program has taken with SEM_UNDO is taken again, and given back at its end;
 * unshare(CLONE_SYSVSEM) does what the end would do. A thread that waits for one goes on waiting.
 */
enum { COUNT = 9 };

static int set;
static volatile pid_t waiter_tid;

/* What has been done to each, and its value before. */
static const struct {
    int before, change;
} SEMAPHORES[COUNT] = {{1, -1}, {0, 5}, {3, -3}, {100, 0}, {0, 32767}, {32767, -32767}, {20000, 12767}, {2, -1}, {1, -1}};

static void remove_set(void) {
    semctl(set, 0, IPC_RMID);
}

static void make_set(key_t key) {
    set = (int)MUST(semget(key, COUNT, IPC_CREAT | IPC_EXCL | 0600));
    for (int i = 0; i < COUNT; i++)
        MUST(semctl(set, i, SETVAL, SEMAPHORES[i].before));
    FILE *note = fopen("semaphores", "w");
    CHECK(note, "fopen: errno %d", errno);
    fprintf(note, "%d\n", set);
    fclose(note);
    start_keeper(remove_set);
}

static void change(int number, int by, int flags) {
    struct sembuf operation = {(unsigned short)number, (short)by, (short)flags};
    MUST(semop(set, &operation, 1));
}

static void set_undo(void) {
    make_set(IPC_PRIVATE);
    for (int i = 0; i < COUNT; i++)
        if (SEMAPHORES[i].change)
            change(i, SEMAPHORES[i].change, SEM_UNDO);
    change(7, -1, 0); /* taken for good: nobody gives that back */
    change(7, 1, SEM_UNDO);
    change(7, -1, SEM_UNDO);
}

static void check_undo(void) {
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(semctl(set, i, GETVAL), SEMAPHORES[i].before + SEMAPHORES[i].change - (i == 7));
    MUST(unshare(CLONE_SYSVSEM));
    for (int i = 0; i < COUNT; i++)
        CHECK_EQ(semctl(set, i, GETVAL), SEMAPHORES[i].before - (i == 7));
}

/* ---- one, for what a launch meets ---- */

static void set_one(void) {
    make_set(0x57000000 | getpid());
    change(0, -1, SEM_UNDO);
}

static void check_one(void) {
    say("semaphore 0 is %d\n", semctl(set, 0, GETVAL));
    unshare(CLONE_SYSVSEM);
}

/* Not taken again where the user allows that: the kernel has given it back, and the program alone believes it to be taken. */
static void check_let_go(void) {
    CHECK_EQ(semctl(set, 0, GETVAL), was_launched());
    unshare(CLONE_SYSVSEM);
    CHECK_EQ(semctl(set, 0, GETVAL), 1);
}

/* ---- waiting ---- */

static void *wait_for_it(void *argument) {
    (void)argument;
    waiter_tid = current_tid();
    change(1, -2, 0);
    return NULL;
}

static pthread_t waiter;

static void set_waiting(void) {
    make_set(IPC_PRIVATE);
    waiter = start_thread(wait_for_it, NULL);
    while (!waiter_tid)
        sched_yield();
    await_in_syscall(waiter_tid, -1);
}

static void check_waiting(void) {
    CHECK_EQ(semctl(set, 1, GETVAL), 0);
    change(1, 2, 0);
    join_thread(waiter);
    CHECK_EQ(semctl(set, 1, GETVAL), 0);
}

static const struct variant {
    const char *name, *description;
    void (*set)(void), (*check)(void);
} VARIANTS[] = {
    {"undo", "System V semaphores that were taken with SEM_UNDO are taken again", set_undo, check_undo},
    {"one", "a System V semaphore that was taken with SEM_UNDO", set_one, check_one},
    {"let-go", "a System V semaphore that a launch does not take again", set_one, check_let_go},
    {"waiting", "a thread waits for a System V semaphore", set_waiting, check_waiting},
};

int main(int argc, char **argv) {
    const struct variant *variant = &VARIANTS[0];
    while (argc > 1 && strcmp(variant->name, argv[1]) != 0)
        variant++;
    fixture_begin(argc, argv, variant->description);
    variant->set();
    ready_and_wait();
    variant->check();
    pass();
}
