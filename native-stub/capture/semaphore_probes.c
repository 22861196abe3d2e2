/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "semaphore_probes.h"

#include <errno.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HIGHEST 32767   /* SEMVMX of values; SEMAEM of what is undone, which goes from LOWEST to it */
#define LOWEST (-32768)
#define PROBE_LIMIT 9   /* operations: two for the value, six for the farthest limit, the impossible one */
#define TRIES_LIMIT 1000 /* of one semaphore that others work with meanwhile */

struct semaphore {
    int set;
    uint32_t number;
    int64_t value;    /* that it had when it was last asked for; -1: not asked yet */
    unsigned tries;    /* that others have made worthless */
    bool may_not_read; /* GETVAL is forbidden */
};

struct probe {
    struct sembuf operations[PROBE_LIMIT];
    unsigned count;
};

static void add_operation(struct probe *probe, const struct semaphore *semaphore, int change, int flags)
{
    probe->operations[probe->count++] = (struct sembuf){(unsigned short)semaphore->number, (short)change,
                                                        (short)(flags | IPC_NOWAIT)};
}

/* Goes on only if the value is what we believe, and makes it 0. */
static void begin_at_zero(struct probe *probe, const struct semaphore *semaphore)
{
    probe->count = 0;
    if (semaphore->value > 0)
        add_operation(probe, semaphore, -(int)semaphore->value, 0);
    add_operation(probe, semaphore, 0, 0);
}

/* Takes so much with SEM_UNDO that the limit is exceeded if more than `than` would be added; than: LOWEST to HIGHEST - 1. */
static void probe_above(struct probe *probe, const struct semaphore *semaphore, int than)
{
    begin_at_zero(probe, semaphore);
    for (int left = HIGHEST - than, step; left > 0; left -= step) {
        step = left < HIGHEST ? left : HIGHEST;
        add_operation(probe, semaphore, step, 0);
        add_operation(probe, semaphore, -step, SEM_UNDO);
    }
}

/* Gives so much with SEM_UNDO that it is exceeded if less than `than` would be added; than: LOWEST + 1 to HIGHEST. */
static void probe_below(struct probe *probe, const struct semaphore *semaphore, int than)
{
    begin_at_zero(probe, semaphore);
    for (int left = than - LOWEST, step; left > 0; left -= step) {
        step = left < HIGHEST ? left : HIGHEST;
        add_operation(probe, semaphore, step, SEM_UNDO);
        if (left > step)
            add_operation(probe, semaphore, -step, 0);
    }
}

/* Whether a limit was met before the last operation, which no value allows: 1, 0 or -errno. */
static int meets_limit(struct injector *injector, const struct semaphore *semaphore, struct probe *probe)
{
    int64_t result;
    add_operation(probe, semaphore, LOWEST, 0);
    size_t size = probe->count * sizeof(probe->operations[0]);
    if (pwrite(injector->capture->mem, probe->operations, size, (off_t)injector->arguments) < 0)
        return -ESRCH;
    uint64_t arguments[6] = {(uint64_t)semaphore->set, injector->arguments, probe->count};
    int error = inject_call(injector, &result, SYS_semop, arguments);
    if (error < 0)
        return error;
    if (result != -ERANGE && result != -EAGAIN)
        return result < 0 ? (int)result : -EIO;
    return result == -ERANGE;
}

/* Whether a number that is looked for is more than `than`: 1, 0 or -errno. */
typedef int question(struct injector *injector, struct semaphore *semaphore, int than);

/* Finds the number between low and high. */
static int search(struct injector *injector, struct semaphore *semaphore, question *is_above, int low, int high, int *ret)
{
    while (low < high) {
        int middle = low + (high - low) / 2;
        int above = is_above(injector, semaphore, middle);
        if (above < 0)
            return above;
        if (above)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

/* One more than HIGHEST - n cannot be raised by n. */
static int value_is_above(struct injector *injector, struct semaphore *semaphore, int than)
{
    struct probe probe = {.count = 0};
    add_operation(&probe, semaphore, HIGHEST - than, 0);
    return meets_limit(injector, semaphore, &probe);
}

/* For one that may be changed but not read. */
static int search_value(struct injector *injector, struct semaphore *semaphore)
{
    int value, error = search(injector, semaphore, value_is_above, 0, HIGHEST, &value);
    if (error == 0)
        semaphore->value = value;
    return error;
}

static int ask_value(struct injector *injector, struct semaphore *semaphore)
{
    int64_t value;
    uint64_t arguments[6] = {(uint64_t)semaphore->set, semaphore->number, GETVAL};
    if (semaphore->may_not_read)
        return search_value(injector, semaphore);
    int error = inject_call(injector, &value, SYS_semctl, arguments);
    if (error < 0)
        return error;
    if (value == -EACCES) {
        semaphore->may_not_read = true;
        return search_value(injector, semaphore);
    }
    if (value < 0)
        return (int)value;
    semaphore->value = value;
    return 0;
}

/* Whether more than `than` would be added, LOWEST to HIGHEST - 1. */
static int is_above(struct injector *injector, struct semaphore *semaphore, int than)
{
    for (; semaphore->tries < TRIES_LIMIT; semaphore->tries++, semaphore->value = -1) {
        struct probe probe;
        int error = semaphore->value < 0 ? ask_value(injector, semaphore) : 0;
        if (error < 0)
            return error;
        probe_above(&probe, semaphore, than);
        int met = meets_limit(injector, semaphore, &probe);
        if (met != 0)
            return met;
        probe_below(&probe, semaphore, than + 1);
        met = meets_limit(injector, semaphore, &probe);
        if (met != 0)
            return met < 0 ? met : 0;
        if (capture_given_up(injector->capture))
            return -ECANCELED;
    }
    return -EBUSY;
}

/* 1, 0 or -errno. */
static int is_exactly(struct injector *injector, struct semaphore *semaphore, int number)
{
    int above = number > LOWEST ? is_above(injector, semaphore, number - 1) : 1;
    if (above <= 0 || number == HIGHEST)
        return above;
    above = is_above(injector, semaphore, number);
    return above < 0 ? above : !above;
}

/* One look at a number that may be cleared meanwhile. Returns 1 when it is sure, 0 or -errno. */
static int try_to_find(struct injector *injector, struct semaphore *semaphore, int *ret)
{
    int low = 1, high = HIGHEST;
    int above = is_above(injector, semaphore, 0);
    if (above < 0)
        return above;
    if (!above) { /* most are 0 */
        above = is_above(injector, semaphore, -1);
        *ret = 0;
        if (above != 0)
            return above;
        low = LOWEST;
        high = -1;
    }
    int error = search(injector, semaphore, is_above, low, high, ret);
    return error < 0 ? error : is_exactly(injector, semaphore, *ret);
}

int find_adjustment(struct injector *injector, int set, uint32_t number, int *ret_adjustment)
{
    struct semaphore semaphore = {.set = set, .number = number, .value = -1};
    for (; semaphore.tries < TRIES_LIMIT; semaphore.tries++) {
        int sure = try_to_find(injector, &semaphore, ret_adjustment);
        if (sure != 0)
            return sure < 0 ? sure : 0;
    }
    return -EBUSY;
}
