// SPDX-License-Identifier: Apache-2.0
#include "restore/lazy_stop.h"

#include "restore/lazy_tracer.h"
#include "restore/spawn.h"
#include "restore/sys.h"
#include "restore/text.h"

#define LINKS_OF_ONE_THREAD 3 /* of /proc/PID/task: itself, its parent, and a folder for each thread */
#define ATTEMPTS 24
#define ATTEMPTS_REFUSED 4 /* another's tracer may be about to go */
#define ATTEMPTS_QUIET 8
#define LOCK_ATTEMPTS 2000
#define MILLISECOND 1000000

struct job {
    struct lazy_call *call;
    int64_t (*task)(struct lazy_call *, const void *);
    const void *argument;
    uint32_t *tids;
    bool quiet;
    bool started;
    int64_t result;
};

/* ---- who else is there? ---- */

/* The kernel lets a memory be taken for oneself, which changes nothing, only when that is so. */
bool lazy_is_single(void)
{
    return syscall1(NR_unshare, ABI_CLONE_VM) == 0;
}

/* Links of the process's folder of threads, or -errno. */
static int64_t task_links(int64_t pid)
{
    struct stub_line path = {.length = 0};
    struct abi_stat stat;
    int64_t fd, result;

    line_append(&path, "/proc/%u/task%c", (uint64_t)pid, (int64_t)0);
    fd = sys_open(path.bytes, ABI_O_PATH | ABI_O_CLOEXEC);
    if (fd < 0)
        return fd;
    result = sys_fstat((int)fd, &stat);
    sys_close((int)fd);
    return result < 0 ? result : (int64_t)stat.links;
}

enum lazy_company lazy_company_of(const struct lazy_call *call)
{
    int64_t parent, links;

    if (call->alone)
        return call->was_single ? LAZY_NOBODY : LAZY_THREADS;
    if (lazy_is_single())
        return LAZY_NOBODY;
    links = task_links(call->pid);
    if (links < LINKS_OF_ONE_THREAD)
        return LAZY_UNKNOWN;
    if (links > LINKS_OF_ONE_THREAD)
        return LAZY_THREADS;
    parent = syscall1(NR_getppid, 0);
    if (syscall5(NR_kcmp, call->pid, (uint64_t)parent, ABI_KCMP_VM, 0, 0) > 0)
        return LAZY_NOBODY;
    return task_links(parent) == LINKS_OF_ONE_THREAD ? LAZY_VFORK_CHILD : LAZY_VFORK_CHILD_OF_THREADS;
}

/* ---- one at a time ---- */

static void pause_for(uint64_t nanoseconds)
{
    struct abi_timespec time = {.nanoseconds = (int64_t)nanoseconds};

    syscall2(NR_nanosleep, STUB_ADDRESS(&time), 0);
}

static bool lock(struct lazy_call *call)
{
    for (uint32_t attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
        uint64_t holder = __atomic_load_n(&call->resident->converter, __ATOMIC_RELAXED);

        if (holder == call->pid) /* else nobody, or it was held when this process was forked off */
            pause_for(MILLISECOND);
        else if (__atomic_compare_exchange_n(&call->resident->converter, &holder, call->pid, false, __ATOMIC_ACQUIRE,
                                             __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

static void unlock(struct lazy_call *call)
{
    __atomic_store_n(&call->resident->converter, 0, __ATOMIC_RELEASE);
}

/* ---- in a process of its own ---- */

static bool is_quiet(const struct lazy_call *call)
{
    uint64_t own = call->stack_number < 64 ? UINT64_C(1) << call->stack_number : 0;

    return (__atomic_load_n(&call->resident->stacks_used, __ATOMIC_RELAXED) & ~own) == 0;
}

static void stop_and_work(struct job *job)
{
    struct lazy_call *call = job->call;
    struct lazy_tracer tracer = {.pid = call->pid, .spared = call->tid, .tids = job->tids};
    int64_t result = lazy_tracer_stop(&tracer);

    if (result == 0 && tracer.count == 0)
        result = -ABI_ESRCH; /* they have ended meanwhile, or others have this memory of whom nothing is known */
    if (result == 0 && job->quiet && !is_quiet(call))
        result = -ABI_EAGAIN;
    job->result = result;
    if (result == 0) {
        job->started = true;
        job->result = -ABI_EAGAIN; /* for the case that somebody kills this process */
        lazy_tracer_bind(&tracer);
        job->result = job->task(call, job->argument);
    }
    lazy_tracer_release(&tracer);
}

static void process(void *argument)
{
    stop_and_work(argument);
    for (;;)
        syscall1(NR_exit, 0);
}

/* ---- in the program's thread ---- */

void lazy_end_if_torn(const struct image_resident *resident)
{
    while (__atomic_load_n(&resident->torn, __ATOMIC_RELAXED) != 0)
        syscall2(NR_kill, (uint64_t)sys_getpid(), ABI_SIGKILL);
}

static bool attempt(struct job *job)
{
    int64_t pid;

    if (job->call->alone) {
        stop_and_work(job);
        return true;
    }
    pid = spawn_and_wait(job->call->spawn_stack, process, job);
    if (pid < 0)
        return false;
    syscall4(NR_wait4, (uint64_t)pid, 0, WAIT_ALL, 0);
    lazy_end_if_torn(job->call->resident);
    return true;
}

/* Yama lets only an ancestor trace, and those that descend from whom the program names. */
static bool name_tracer(const struct lazy_call *call)
{
    return !call->alone && sys_prctl(ABI_PR_SET_PTRACER, call->pid, 0, 0, 0) == 0;
}

static void name_tracer_of_before(const struct lazy_call *call)
{
    const struct image_resident *resident = call->resident;
    uint64_t before = resident->tracer_owner == call->pid ? resident->tracer : 0;

    if (sys_prctl(ABI_PR_SET_PTRACER, before, 0, 0, 0) < 0)
        sys_prctl(ABI_PR_SET_PTRACER, 0, 0, 0, 0);
}

static int64_t attempt_often(struct job *job)
{
    bool named = false;
    uint32_t refused = 0;
    uint32_t attempts = job->call->alone ? 1 : ATTEMPTS; /* what it could not stop goes on only when it ends */

    for (uint32_t i = 0; i < attempts && refused < ATTEMPTS_REFUSED; i++) {
        job->result = -ABI_EAGAIN;
        job->quiet = job->quiet && i < ATTEMPTS_QUIET;
        if (!attempt(job) || job->started || job->result == -ABI_ESRCH)
            break;
        if (job->result == -ABI_EPERM && !named) {
            named = name_tracer(job->call);
            refused += !named;
        } else {
            refused += job->result == -ABI_EPERM || job->result == -ABI_ENOSYS;
        }
        pause_for((i + 1) * MILLISECOND);
    }
    if (named)
        name_tracer_of_before(job->call);
    return job->started || job->result == -ABI_ESRCH ? job->result : -ABI_EAGAIN;
}

static int64_t stop_others(struct job *job)
{
    int64_t tids = sys_mmap(0, LAZY_TRACER_BYTES, ABI_PROT_READ | ABI_PROT_WRITE,
                            ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_NORESERVE, -1, 0);
    int64_t result = -ABI_EAGAIN;

    if (lazy_is_error(tids))
        return -ABI_EAGAIN;
    job->tids = (uint32_t *)tids;
    if (lock(job->call)) {
        result = attempt_often(job);
        unlock(job->call);
    }
    sys_munmap((uint64_t)tids, LAZY_TRACER_BYTES);
    return result;
}

int64_t lazy_while_still(struct lazy_call *call, bool quiet, int64_t (*task)(struct lazy_call *, const void *),
                         const void *argument)
{
    struct job job = {.call = call, .task = task, .argument = argument, .quiet = quiet};
    int64_t result = -ABI_ESRCH;

    for (uint32_t i = 0; i < ATTEMPTS && result == -ABI_ESRCH; i++) {
        enum lazy_company company = lazy_company_of(call);

        if (company == LAZY_NOBODY || company == LAZY_VFORK_CHILD)
            result = task(call, argument);
        else
            result = company == LAZY_THREADS ? stop_others(&job) : -ABI_EAGAIN;
    }
    return result == -ABI_ESRCH ? -ABI_EAGAIN : result;
}
