/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"
#include "variants.h"

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

enum { RUNNING, STOP, STOPPED, CONTROLS };

static int control;

static void remove_sets(void) {
    remove_set();
    semctl(control, 0, IPC_RMID);
}

static void make_set(key_t key) {
    set = (int)MUST(semget(key, COUNT, IPC_CREAT | IPC_EXCL | 0600));
    for (int i = 0; i < COUNT; i++)
        MUST(semctl(set, i, SETVAL, SEMAPHORES[i].before));
    FILE *note = fopen("semaphores", "w");
    CHECK(note, "fopen: errno %d", errno);
    fprintf(note, "%d\n", set);
    fclose(note);
    start_keeper(control ? remove_sets : remove_set);
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

/* ---- busy: another process changes all values without a break ---- */

static void wait_until_more_than_0(int number) {
    struct sembuf twice[] = {{(unsigned short)number, -1, 0}, {(unsigned short)number, 1, 0}};
    MUST(semop(control, twice, 2));
}

/* By one up and down, where there is room. */
static void toggle(int by) {
    struct sembuf all[COUNT];
    unsigned count = 0;
    for (unsigned short i = 0; i < COUNT; i++)
        if (SEMAPHORES[i].before < 32767 && SEMAPHORES[i].before + SEMAPHORES[i].change < 32767)
            all[count++] = (struct sembuf){i, (short)by, 0};
    MUST(semop(set, all, count));
}

static void be_busy(void) {
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd <= 2; fd++)
        dup2(null, fd);
    alarm(600); /* a run that failed keeps its folder */
    MUST(nice(10)); /* the launch of others is to go on, too */
    semctl(control, RUNNING, SETVAL, 1);
    while (folder_is_there() && semctl(control, STOP, GETVAL) == 0)
        for (int i = 0; i < 1000; i++) {
            toggle(1);
            toggle(-1);
        }
    semctl(control, STOPPED, SETVAL, 1);
    _exit(0);
}

static void set_busy(void) {
    int status;
    control = (int)MUST(semget(IPC_PRIVATE, CONTROLS, IPC_CREAT | 0600));
    make_set(IPC_PRIVATE);
    pid_t middle = (pid_t)MUST(fork());
    if (middle == 0) {
        if (fork() == 0)
            be_busy();
        _exit(0);
    }
    CHECK_EQ(waitpid(middle, &status, 0), middle);
    CHECK_EQ(status, 0);
    wait_until_more_than_0(RUNNING);
    for (int i = 0; i < COUNT; i++)
        if (SEMAPHORES[i].change)
            change(i, SEMAPHORES[i].change, SEM_UNDO);
    change(7, -1, 0);
}

static void check_busy(void) {
    MUST(semctl(control, STOP, SETVAL, 1));
    wait_until_more_than_0(STOPPED);
    check_undo();
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

/* ---- what nobody can find out, or bring back ---- */

/* Whether a user who may not change the semaphore any more has to undo something there can only be guessed. */
static void set_closed(void) {
    struct semid_ds status;
    set_one();
    MUST(semctl(set, 0, IPC_STAT, &status));
    status.sem_perm.mode = 0644;
    MUST(semctl(set, 0, IPC_SET, &status));
    MUST(setresuid(65534, 65534, 65534));
}

static void check_closed(void) {
    struct sembuf operation = {0, 1, IPC_NOWAIT};
    CHECK_EQ(semop(set, &operation, 1), -1);
    CHECK_EQ(errno, EACCES);
    CHECK_EQ(semctl(set, 0, GETVAL), 0);
    MUST(unshare(CLONE_SYSVSEM));
    CHECK_EQ(semctl(set, 0, GETVAL), 1);
}

static int held[2];

static void *take_alone(void *argument) {
    char byte;
    MUST(unshare(CLONE_SYSVSEM));
    change(0, -1, SEM_UNDO);
    MUST(write(held[1], "", 1));
    while (read(*(int *)argument, &byte, 1) < 0 && errno == EINTR)
        ;
    return NULL;
}

static int let_go[2];
static pthread_t taker;

static void set_thread(void) {
    char byte;
    make_set(IPC_PRIVATE);
    change(7, -1, SEM_UNDO);
    MUST(pipe(held));
    MUST(pipe(let_go));
    taker = start_thread(take_alone, &let_go[0]);
    CHECK_EQ(read(held[0], &byte, 1), 1);
}

static void check_thread(void) {
    CHECK_EQ(semctl(set, 0, GETVAL), 0);
    MUST(write(let_go[1], "", 1));
    join_thread(taker);
    while (semctl(set, 0, GETVAL) == 0) /* the kernel's end of it comes after what a join waits for */
        sched_yield();
    CHECK_EQ(semctl(set, 7, GETVAL), 1);
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

static const struct variant VARIANTS[] = {
    {"undo", "System V semaphores that were taken with SEM_UNDO are taken again", set_undo, check_undo},
    {"busy", "semaphores that were taken while another process changes their values all the time", set_busy, check_busy},
    {"one", "a System V semaphore that was taken with SEM_UNDO", set_one, check_one},
    {"let-go", "a System V semaphore that a launch does not take again", set_one, check_let_go},
    {"closed", "the program has become a user who may not change a semaphore that it took", set_closed, check_closed},
    {"thread", "a thread has a list of its own of what to undo", set_thread, check_thread},
    {"waiting", "a thread waits for a System V semaphore", set_waiting, check_waiting},
    {0},
};

int main(int argc, char **argv) {
    return run_variant(argc, argv, VARIANTS);
}
