/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "semaphores.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#define HIGHEST_VALUE 32767 /* SEMVMX, and SEMAEM for what is undone: -32768 to 32767 */
#define LONGEST_PROBE 8
#define PROBES_LIMIT 1000 /* of one semaphore that others work with meanwhile */

struct semaphore {
    int set;
    uint32_t number;
    uint32_t probes;
};

struct probe {
    struct sembuf operations[LONGEST_PROBE];
    unsigned count;
};

static void add_operation(struct probe *probe, const struct semaphore *semaphore, int change, int flags)
{
    probe->operations[probe->count++] = (struct sembuf){(unsigned short)semaphore->number, (short)change,
                                                        (short)(flags | IPC_NOWAIT)};
}

/* A change of 0 would wait for a value of 0. */
static void set_value(struct probe *probe, const struct semaphore *semaphore, int from, int to)
{
    if (from != to)
        add_operation(probe, semaphore, to - from, 0);
}

/* Exceeds the limit when more than `than` would be added at the program's end; than: 0 to 32766. */
static void probe_above(struct probe *probe, const struct semaphore *semaphore, int value, int than)
{
    set_value(probe, semaphore, value, HIGHEST_VALUE);
    add_operation(probe, semaphore, than - HIGHEST_VALUE, SEM_UNDO);
}

/* Exceeds it when less than `than` would be; than: -32767 to 0. */
static void probe_below(struct probe *probe, const struct semaphore *semaphore, int value, int than)
{
    set_value(probe, semaphore, value, 0);
    if (than < 0) {
        add_operation(probe, semaphore, HIGHEST_VALUE + 1 + than, SEM_UNDO);
        return;
    }
    add_operation(probe, semaphore, HIGHEST_VALUE, SEM_UNDO);
    add_operation(probe, semaphore, -HIGHEST_VALUE, 0);
    add_operation(probe, semaphore, 1, SEM_UNDO);
}

/* Exceeds it when anything would be added: the two above in one. */
static void probe_any(struct probe *probe, const struct semaphore *semaphore, int value, int than)
{
    (void)than;
    probe_above(probe, semaphore, value, 0);
    add_operation(probe, semaphore, HIGHEST_VALUE, SEM_UNDO);
    probe_below(probe, semaphore, HIGHEST_VALUE, 0);
}

static int ask_value(struct injector *injector, const struct semaphore *semaphore, int64_t *ret_value)
{
    uint64_t arguments[6] = {(uint64_t)semaphore->set, semaphore->number, GETVAL};
    return inject_call(injector, ret_value, SYS_semctl, arguments);
}

typedef void probe_maker(struct probe *probe, const struct semaphore *semaphore, int value, int than);

/* Whether the probe exceeds the limit: 1, 0 or -errno, of which -EACCES and the like
 * say that the program cannot have taken it. A value that others change meanwhile is asked for again. */
static int ask_adjustment(struct injector *injector, struct semaphore *semaphore, probe_maker *make_probe, int than)
{
    for (; semaphore->probes < PROBES_LIMIT; semaphore->probes++) {
        struct probe probe = {.count = 0};
        int64_t value, after, result;
        int error = ask_value(injector, semaphore, &value);
        if (error < 0 || value < 0)
            return error < 0 ? error : (int)value;
        make_probe(&probe, semaphore, (int)value, than);
        add_operation(&probe, semaphore, -HIGHEST_VALUE - 1, 0); /* never possible */
        if (pwrite(injector->capture->mem, probe.operations, sizeof(probe.operations), (off_t)injector->arguments) < 0)
            return -ESRCH;
        uint64_t arguments[6] = {(uint64_t)semaphore->set, injector->arguments, probe.count};
        error = inject_call(injector, &result, SYS_semop, arguments);
        if (error == 0)
            error = ask_value(injector, semaphore, &after);
        if (error < 0)
            return error;
        if (result != -ERANGE && result != -EAGAIN)
            return result < 0 ? (int)result : -EIO;
        if (after == value)
            return result == -ERANGE;
    }
    return -EBUSY;
}

/* Finds the number between low and high. */
static int search(struct injector *injector, struct semaphore *semaphore, int low, int high, int *ret)
{
    while (low < high) {
        int middle = low + (high - low) / 2; /* rounds down for both signs: low is what is rounded to */
        if (low < 0 && middle == high)
            middle--;
        int found = low >= 0 ? ask_adjustment(injector, semaphore, probe_above, middle)
                             : ask_adjustment(injector, semaphore, probe_below, middle + 1);
        if (found < 0)
            return found;
        if (low >= 0 ? found : !found)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

static int find_adjustment(struct injector *injector, struct semaphore *semaphore, int *ret)
{
    int found = ask_adjustment(injector, semaphore, probe_any, 0);
    *ret = 0;
    if (found <= 0)
        return found;
    found = ask_adjustment(injector, semaphore, probe_above, 0);
    if (found < 0)
        return found;
    return found > 0 ? search(injector, semaphore, 1, HIGHEST_VALUE, ret)
                     : search(injector, semaphore, -HIGHEST_VALUE - 1, -1, ret);
}

static bool means_none(int error)
{
    return error == -EACCES || error == -EINVAL || error == -EIDRM;
}

static int note_adjustment(struct capture *capture, const struct semid_ds *set, const struct semaphore *semaphore, int adjustment)
{
    if (capture->request->allow & ALLOW_SEMAPHORES) {
        capture->allowed |= ALLOW_SEMAPHORES;
        return 0;
    }
    struct ckpt_semaphore record = {
        .set = semaphore->set, .key = set->sem_perm.__key, .count = (uint32_t)set->sem_nsems,
        .creator_uid = set->sem_perm.cuid, .number = semaphore->number, .adjustment = adjustment,
    };
    buffer_append(&capture->semaphores, &record, sizeof(record));
    return capture->semaphores.failed
               ? refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid) : 0;
}

/* The set that the kernel has at an index of its table, if there is one. */
static int ask_set(struct injector *injector, struct capture *capture, uint64_t index)
{
    uint64_t arguments[6] = {index, 0, SEM_STAT_ANY, injector->arguments};
    struct semid_ds set;
    int64_t id;
    int error = inject_call(injector, &id, SYS_semctl, arguments);
    if (error == 0 && id >= 0)
        error = inject_read(injector, 0, &set, sizeof(set));
    if (error < 0 || id < 0)
        return error;
    if (set.sem_otime == 0) /* nobody has used it yet */
        return 0;
    for (uint32_t number = 0; number < set.sem_nsems; number++) {
        struct semaphore semaphore = {.set = (int)id, .number = number};
        int adjustment;
        error = find_adjustment(injector, &semaphore, &adjustment);
        if (means_none(error))
            return 0;
        if (error < 0)
            return refuse(capture->report, error,
                          "asking process %d what it has to undo of semaphore %u of set %d: %s; try again", capture->pid, number,
                          (int)id, strerror(-error));
        error = adjustment ? note_adjustment(capture, &set, &semaphore, adjustment) : 0;
        if (error < 0)
            return error;
    }
    return 0;
}

/* A process without a list of what to undo has it in common with ckpt, which has none unless it made threads. */
static bool has_no_list(const struct capture *capture)
{
    return syscall(SYS_kcmp, capture->pid, getpid(), KCMP_SYSVSEM, 0, 0) == 0;
}

int ask_semaphores(struct injector *injector, struct capture *capture)
{
    uint64_t arguments[6] = {0, 0, SEM_INFO, injector->arguments};
    struct seminfo info = {0};
    int64_t highest;
    if (has_no_list(capture))
        return 0;
    int error = inject_call(injector, &highest, SYS_semctl, arguments);
    if (error == 0 && highest >= 0)
        error = inject_read(injector, 0, &info, sizeof(info));
    if (highest < 0 || info.semusz == 0) /* no System V IPC in this kernel, or no set: semusz counts them */
        return error;
    for (int64_t index = 0; error == 0 && index <= highest; index++)
        error = ask_set(injector, capture, (uint64_t)index);
    return error;
}
