/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

/* Locks on files that two workers take from each other, with flock and as open file descriptions; and locks that rest. */
enum { RESTING = 12 };

static struct contest {
    bool of_description;
    int files[2];
    volatile int holders;
    volatile uint64_t turns;
} contests[2];
static int resting[RESTING];

struct side {
    struct contest *contest;
    int fd;
} sides[4];

static void lock(const struct side *side, bool exclusive) {
    struct flock whole = {.l_type = exclusive ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
    int result = side->contest->of_description ? fcntl(side->fd, F_OFD_SETLKW, &whole) : flock(side->fd, exclusive ? LOCK_EX : LOCK_UN);
    CHECK(result == 0, "%s gave errno %d", exclusive ? "locking" : "unlocking", errno);
}

static void take_turns(struct worker *self) {
    const struct side *side = self->argument;
    while (!stopping()) {
        lock(side, true);
        CHECK(__atomic_add_fetch(&side->contest->holders, 1, __ATOMIC_SEQ_CST) == 1, "two hold an exclusive lock");
        step(self);
        side->contest->turns++;
        __atomic_sub_fetch(&side->contest->holders, 1, __ATOMIC_SEQ_CST);
        lock(side, false);
        step(self);
    }
}

static int open_file(const char *kind, int number) {
    char name[32];
    snprintf(name, sizeof name, "%s-%d", kind, number);
    return hold(open(name, O_RDWR | O_CREAT, 0600));
}

static void set_up(void) {
    for (int i = 0; i < 2; i++) {
        contests[i].of_description = i;
        for (int k = 0; k < 2; k++) {
            contests[i].files[k] = open_file("contest", i);
            sides[2 * i + k] = (struct side){&contests[i], contests[i].files[k]};
            start_worker(i ? "lock a description" : "flock", take_turns, &sides[2 * i + k]);
        }
    }
    for (int i = 0; i < RESTING; i++) {
        struct flock range = {.l_type = i % 2 ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET, .l_start = 10 * i, .l_len = 5};
        resting[i] = open_file("locked", i);
        if (i % 3 == 0)
            MUST(flock(resting[i], i % 2 ? LOCK_SH : LOCK_EX));
        else
            MUST(fcntl(resting[i], i % 3 == 1 ? F_SETLK : F_OFD_SETLK, &range));
    }
}

/* Whether another description gets the lock: of the process's own ones, fcntl tells only those of descriptions. */
static void verify(void) {
    for (int i = 0; i < RESTING; i++) {
        char name[32];
        snprintf(name, sizeof name, "locked-%d", i);
        struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10 * i, .l_len = 5};
        int other = (int)MUST(open(name, O_RDWR | O_CLOEXEC));
        if (i % 3 == 0) {
            CHECK_EQ(flock(other, LOCK_EX | LOCK_NB), -1);
            CHECK_EQ(errno, EWOULDBLOCK);
            CHECK_EQ(flock(other, LOCK_SH | LOCK_NB), i % 2 ? 0 : -1);
        } else {
            MUST(fcntl(other, F_OFD_GETLK, &range));
            CHECK_EQ(range.l_type, i % 2 ? F_RDLCK : F_WRLCK);
            CHECK_EQ(range.l_start, 10 * i);
            CHECK_EQ(range.l_len, 5);
        }
    }
}

const struct stress_kind stress_locks = {.name = "locks", .set_up = set_up, .verify = verify};
