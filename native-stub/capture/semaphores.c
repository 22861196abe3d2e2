/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "semaphores.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proc_files.h"
#include "semaphore_probes.h"

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#define STAT_START_TIME 22 /* proc(5): clock ticks after the start of the machine */
#define BOOT_ID "sys/kernel/random/boot_id"
#define DUMPABLE 1         /* SUID_DUMP_USER, include/linux/sched/coredump.h */

static bool may_let_go(struct capture *capture)
{
    if (capture->request->allow & ALLOW_SEMAPHORES)
        capture->allowed |= ALLOW_SEMAPHORES;
    return capture->request->allow & ALLOW_SEMAPHORES;
}

/* ---- what is noted ---- */

/* A set lives in one IPC namespace and not longer than the machine runs. Both are told as a launch in the program's place sees
 * them: some containers have a boot_id of their own. */
static void note_place(struct capture *capture, struct ckpt_semaphore *record)
{
    AUTO_BUFFER struct buffer boot = {0};
    char path[64];
    struct stat namespace;
    snprintf(path, sizeof(path), "/proc/%d/ns/ipc", capture->pid);
    if (stat(path, &namespace) == 0)
        record->ipc_namespace = (uint32_t)namespace.st_ino;
    if ((read_proc(&boot, "%d/root/proc/" BOOT_ID, capture->pid) == 0 || read_proc(&boot, BOOT_ID) == 0) && boot.size)
        record->boot = strings_add(&capture->strings, (char *)boot.data, strcspn((char *)boot.data, "\n"));
}

static int note_adjustment(struct capture *capture, const struct semid_ds *set, int id, uint32_t number, int adjustment)
{
    struct ckpt_semaphore record = {
        .set = id, .key = set->sem_perm.__key, .count = (uint32_t)set->sem_nsems, .creator_uid = set->sem_perm.cuid,
        .number = number, .adjustment = adjustment, .changed_s = (uint64_t)set->sem_ctime,
    };
    note_place(capture, &record);
    buffer_append(&capture->semaphores, &record, sizeof(record));
    return capture->semaphores.failed
               ? refuse(capture->report, -ENOMEM, "capturing process %d: out of memory", capture->pid) : 0;
}

/* ---- sets that may not be changed ---- */

/* Whole seconds as the kernel notes them in sem_otime, and one less for what is rounded. */
static int64_t started_at(const struct capture *capture)
{
    AUTO_BUFFER struct buffer stat = {0};
    long ticks = sysconf(_SC_CLK_TCK);
    if (ticks <= 0 || read_proc(&stat, "%d/stat", capture->pid) < 0 || !stat.size)
        return 0;
    int64_t age_ns = (int64_t)now_ns(CLOCK_BOOTTIME) -
                     (int64_t)(stat_field((char *)stat.data, STAT_START_TIME) * (1000000000u / (uint64_t)ticks));
    return ((int64_t)now_ns(CLOCK_REALTIME) - age_ns) / 1000000000 - 1;
}

static int judge_closed_set(struct capture *capture, const struct semid_ds *set, int id)
{
    if (capture->process.dumpable == DUMPABLE || set->sem_otime < started_at(capture) || may_let_go(capture))
        return 0;
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: System V semaphore set %d (key %x) of user %u was used since it was started, and it may not "
                  "change it any more since it has become another user, so that nobody can find out what it has to undo there "
                  "(SEM_UNDO); go without what it has to undo by --allow semaphores", capture->pid, id,
                  (unsigned)set->sem_perm.__key, set->sem_perm.cuid);
}

/* ---- asking ---- */

static bool is_gone(int64_t error)
{
    return error == -EINVAL || error == -EIDRM;
}

static int refuse_question(struct capture *capture, int id, uint32_t number, int error)
{
    if (error == -EBUSY && may_let_go(capture))
        return 0;
    if (error == -EBUSY)
        return refuse(capture->report, error,
                      "asking process %d what it has to undo of semaphore %u of System V set %d (SEM_UNDO): other processes change it "
                      "all the time; try again, or go without what it has to undo by --allow semaphores", capture->pid, number, id);
    return refuse(capture->report, error, "asking process %d what it has to undo of semaphore %u of System V set %d: %s; try again",
                  capture->pid, number, id, strerror(-error));
}

static int note_answer(struct injector *injector, struct capture *capture, const struct semid_ds *set, int id, uint32_t number,
                       int adjustment)
{
    if (!adjustment || may_let_go(capture))
        return 0;
    if (injector->thread == &capture->threads[0])
        return note_adjustment(capture, set, id, number, adjustment);
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: its thread %d alone has to undo what it did to semaphore %u of System V set %d (SEM_UNDO "
                  "after unshare(CLONE_SYSVSEM)), which a launch would not bring back; go without what it has to undo by --allow "
                  "semaphores", capture->pid, injector->thread->tid, number, id);
}

static int ask_about(struct injector *injector, struct capture *capture, const struct semid_ds *set, int id)
{
    for (uint32_t number = 0; number < set->sem_nsems; number++) {
        int adjustment = 0;
        int error = find_adjustment(injector, id, number, &adjustment);
        if (is_gone(error))
            return 0;
        if (error == -EACCES)
            return judge_closed_set(capture, set, id);
        if (error == -ECANCELED || error == -ESRCH)
            return error; /* there is nothing to say, or it was said */
        error = error < 0 ? refuse_question(capture, id, number, error)
                          : note_answer(injector, capture, set, id, number, adjustment);
        if (error < 0)
            return error;
    }
    return 0;
}

/* The set that the kernel has at an index of its table, if there is one. */
static int ask_set(struct injector *injector, struct capture *capture, uint64_t index)
{
    uint64_t arguments[6] = {index, 0, SEM_STAT_ANY, injector->arguments};
    struct semid_ds set;
    int64_t id;
    int error = inject_call(injector, &id, SYS_semctl, arguments);
    if (error < 0 || is_gone(id))
        return error;
    if (id < 0)
        return refuse(capture->report, (int)id, "asking process %d for System V semaphores: %s", capture->pid, strerror((int)-id));
    error = inject_read(injector, 0, &set, sizeof(set));
    if (error < 0 || set.sem_otime == 0) /* nobody has used it yet */
        return error;
    return ask_about(injector, capture, &set, (int)id);
}

/* ckpt has no list of what to undo, as all processes that never made one. */
static bool may_have_list(const struct capture *capture, pid_t thread)
{
    pid_t leader = capture->threads[0].tid;
    if (syscall(SYS_kcmp, thread, getpid(), KCMP_SYSVSEM, 0, 0) == 0)
        return false;
    return thread == leader || syscall(SYS_kcmp, thread, leader, KCMP_SYSVSEM, 0, 0) > 0;
}

int ask_semaphores(struct injector *injector, struct capture *capture)
{
    uint64_t arguments[6] = {0, 0, SEM_INFO, injector->arguments};
    struct seminfo info = {0};
    int64_t highest;
    if (!may_have_list(capture, injector->thread->tid))
        return 0;
    int error = inject_call(injector, &highest, SYS_semctl, arguments);
    if (error < 0 || highest == -ENOSYS) /* a kernel without System V IPC */
        return error;
    if (highest < 0)
        return refuse(capture->report, (int)highest, "asking process %d for System V semaphores: %s", capture->pid,
                      strerror((int)-highest));
    error = inject_read(injector, 0, &info, sizeof(info));
    if (info.semusz == 0) /* counts the sets, but for SEM_INFO only */
        return error;
    for (int64_t index = 0; error == 0 && index <= highest; index++)
        error = capture_given_up(capture) ? -ECANCELED : ask_set(injector, capture, (uint64_t)index);
    return error;
}
