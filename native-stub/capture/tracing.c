/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "tracing.h"

#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "proc_files.h"
#include "state.h"

#define LOOK_INTERVAL_NS UINT64_C(50000000)
#define QUICK_LOOKS 100
#define SYSCALL_STOP_MARK 0x80 /* PTRACE_O_TRACESYSGOOD */

struct stop decode_stop(int status)
{
    struct stop stop = {STOP_GONE, 0, status};
    if (!WIFSTOPPED(status))
        return stop;
    int event = status >> 16;
    stop.signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_STOP)
        stop.kind = stop.signal == SIGTRAP ? STOP_EVENT : STOP_GROUP;
    else if (event)
        stop.kind = STOP_OTHER;
    else if (stop.signal == (SIGTRAP | SYSCALL_STOP_MARK))
        stop.kind = STOP_SYSCALL;
    else
        stop.kind = STOP_SIGNAL;
    return stop;
}

/* A process, not a further thread: its end is left for whoever wants to know how it ended, the launcher or its parent. */
static bool is_end_of_process(pid_t tid, const siginfo_t *info)
{
    bool ended = info->si_code == CLD_EXITED || info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED;
    return ended && tgkill(tid, tid, 0) == 0;
}

static int take_status(pid_t tid, struct stop *ret)
{
    int status;
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        pid_t found = waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL | WNOHANG);
        if (found == 0 && info.si_pid == 0)
            return 0;
        if (found == 0 && is_end_of_process(tid, &info)) {
            *ret = (struct stop){.kind = STOP_GONE};
            return 1;
        }
        if (found == 0)
            found = waitpid(tid, &status, __WALL | WNOHANG);
        if (found == tid) {
            *ret = decode_stop(status);
            return 1;
        }
        if (found == 0) /* it was killed while it stood */
            continue;
        if (errno == ECHILD) {
            ret->kind = STOP_GONE;
            ret->signal = ret->status = 0;
            return 1;
        }
        if (errno != EINTR)
            return -errno;
    }
}

/* The main thread's end is not reported while other threads, of which we may be the tracer, wait to be reaped. */
static bool has_ended(pid_t tid)
{
    AUTO_BUFFER struct buffer stat = {0};
    return read_proc(&stat, "%d/stat", tid) < 0 || strchr("ZX", stat_state((char *)stat.data));
}

int wait_stop_until(pid_t tid, uint64_t deadline_ns, struct stop *ret)
{
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    for (;;) {
        int found = take_status(tid, ret);
        if (found != 0)
            return found < 0 ? found : 0;
        uint64_t now = now_ns(CLOCK_MONOTONIC);
        if (now >= deadline_ns && !has_ended(tid))
            return -ETIMEDOUT;
        if (now >= deadline_ns) {
            *ret = (struct stop){STOP_GONE, 0, 0};
            return 0;
        }
        /* A stop between waitpid and here has left SIGCHLD pending, so this cannot miss it. */
        uint64_t wait = deadline_ns - now;
        struct timespec limit = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
        sigtimedwait(&children, NULL, &limit);
    }
}

int wait_stop(pid_t tid, struct stop *ret)
{
    int error;
    for (int look = 0; look < QUICK_LOOKS; look++) { /* mostly it is a matter of microseconds, faster than to sleep */
        error = take_status(tid, ret);
        if (error != 0)
            return error < 0 ? error : 0;
        sched_yield();
    }
    do
        error = wait_stop_until(tid, now_ns(CLOCK_MONOTONIC) + LOOK_INTERVAL_NS, ret);
    while (error == -ETIMEDOUT);
    return error;
}

static int trace(enum __ptrace_request request, pid_t tid, uintptr_t address, uintptr_t data)
{
    return ptrace(request, tid, address, data) < 0 ? -errno : 0;
}

int trace_seize(pid_t tid, uintptr_t options)
{
    return trace(PTRACE_SEIZE, tid, 0, PTRACE_O_TRACESYSGOOD | options);
}

int trace_interrupt(pid_t tid)
{
    return trace(PTRACE_INTERRUPT, tid, 0, 0);
}

int trace_resume(pid_t tid, int signal)
{
    return trace(PTRACE_CONT, tid, 0, (uintptr_t)signal);
}

int trace_resume_to_syscall(pid_t tid, int signal)
{
    return trace(PTRACE_SYSCALL, tid, 0, (uintptr_t)signal);
}

int trace_run_to_syscall_stop(pid_t tid, pid_t *ret_child)
{
    int signal = 0;
    for (;;) {
        struct stop stop;
        unsigned long child;
        int error = trace_resume_to_syscall(tid, signal);
        if (error == 0)
            error = wait_stop(tid, &stop);
        if (error < 0)
            return error;
        if (stop.kind == STOP_GONE)
            return -ESRCH;
        if (stop.kind == STOP_SYSCALL)
            return 0;
        int event = stop.status >> 16;
        if (ret_child && (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK) &&
            trace(PTRACE_GETEVENTMSG, tid, 0, (uintptr_t)&child) == 0)
            *ret_child = (pid_t)child;
        /* All signals but SIGSTOP are blocked; that one takes effect when the thread is given back. */
        signal = stop.kind == STOP_SIGNAL ? stop.signal : 0;
    }
}

int trace_wait_for_birth(pid_t tid)
{
    struct stop stop;
    int error = wait_stop(tid, &stop);
    return error < 0 ? error : stop.kind == STOP_EVENT ? 0 : -ECHILD;
}

void trace_reap(pid_t tid)
{
    int status;
    pid_t found;
    do
        found = waitpid(tid, &status, __WALL);
    while (found < 0 ? errno == EINTR : WIFSTOPPED(status));
}

int trace_set_options(pid_t tid, uintptr_t options)
{
    return trace(PTRACE_SETOPTIONS, tid, 0, PTRACE_O_TRACESYSGOOD | options);
}

int trace_detach(pid_t tid)
{
    return trace(PTRACE_DETACH, tid, 0, 0);
}

int trace_get_registers(pid_t tid, struct user_regs_struct *ret)
{
    struct iovec area = {ret, sizeof(*ret)};
    return trace(PTRACE_GETREGSET, tid, NT_PRSTATUS, (uintptr_t)&area);
}

int trace_set_registers(pid_t tid, const struct user_regs_struct *registers)
{
    struct iovec area = {(void *)(uintptr_t)registers, sizeof(*registers)};
    return trace(PTRACE_SETREGSET, tid, NT_PRSTATUS, (uintptr_t)&area);
}

int trace_get_mask(pid_t tid, uint64_t *ret)
{
    return trace(PTRACE_GETSIGMASK, tid, sizeof(*ret), (uintptr_t)ret);
}

int trace_set_mask(pid_t tid, uint64_t mask)
{
    return trace(PTRACE_SETSIGMASK, tid, sizeof(mask), (uintptr_t)&mask);
}
