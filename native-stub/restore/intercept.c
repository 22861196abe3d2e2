// SPDX-License-Identifier: Apache-2.0
/*
 * Second part of an intercepted call: on a stack of its own, with all signals blocked.
 *
 * The program's descriptors are its own affair: when it has used up all numbers, the question for the mappings is asked
 * from a process that shares the memory but has a copy of the descriptor table, of which it closes one.
 */
#include "restore/intercept.h"

#include "restore/intercept_offsets.h"
#include "restore/lazy_call.h"
#include "restore/spawn.h"
#include "restore/sys.h"

#define WAIT_ALL 0x40000000 /* __WALL */
#define CHILD_STACK (INTERCEPT_STACK_BYTES / 2) /* its top, bytes from the stack's start */
#define CLOSE_TRIES 4096

static int64_t advise(struct lazy_call *lazy, const struct intercept_registers *call)
{
    int64_t result = sys_madvise(call->di, 0, (uint32_t)call->dx); /* does this kernel know the advice? */

    return result < 0 ? result : lazy_advise(lazy, call->di, call->di + lazy_round(call->si), (uint32_t)call->dx);
}

static int64_t make_call(struct lazy_call *lazy, const struct intercept_registers *call)
{
    const uint64_t arguments[6] = {call->di, call->si, call->dx, call->r10, call->r8, call->r9};

    switch ((uint32_t)call->ax) {
    case NR_madvise:
        return advise(lazy, call);
    case NR_mremap:
        return lazy_remap(lazy, arguments);
    case NR_process_madvise:
        return lazy_process_madvise(lazy, arguments);
    case NR_prctl:
        return lazy_name(lazy, arguments);
    default: /* ioctl */
        return lazy_handle_faults(lazy, arguments);
    }
}

static bool work_in_a_process(struct intercept_frame *frame);

static void work(struct intercept_frame *frame, bool alone)
{
    struct lazy_call lazy;
    int error;

    lazy.resident = INTERCEPT_RECORD;
    lazy.pid = (uint32_t)frame->pid;
    lazy.tid = (uint32_t)frame->tid;
    lazy.alone = alone;
    lazy.was_single = frame->single != 0;
    error = maps_open(&lazy.maps, lazy.resident);
    if (error == 0 || alone || !work_in_a_process(frame))
        frame->result = (uint64_t)make_call(&lazy, &frame->registers);
    maps_close(&lazy.maps);
}

static void work_alone(void *argument)
{
    struct intercept_frame *frame = argument;

    for (int fd = 0; fd < CLOSE_TRIES; fd++) { /* any but the one that the call is about */
        if ((uint64_t)fd != frame->registers.di && sys_close(fd) == 0)
            break;
    }
    work(frame, true);
    for (;;)
        syscall1(NR_exit, 0);
}

static bool work_in_a_process(struct intercept_frame *frame)
{
    int64_t pid;

    frame->single = lazy_is_single();
    pid = spawn_and_wait(frame->stack + CHILD_STACK, work_alone, frame);
    if (pid < 0)
        return false;
    syscall4(NR_wait4, (uint64_t)pid, 0, WAIT_ALL, 0);
    return true;
}

void intercept_work(struct intercept_frame *frame)
{
    frame->pid = (uint64_t)sys_getpid();
    frame->tid = (uint64_t)sys_gettid();
    frame->result = (uint64_t)-ABI_EAGAIN; /* for the case that somebody kills the process */
    work(frame, false);
    frame->registers.ax = frame->result;
}
