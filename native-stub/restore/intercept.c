// SPDX-License-Identifier: Apache-2.0
/*
 * Second part of an intercepted call: on a stack of its own, with all signals blocked.
 *
 * The program's descriptors are its own affair: when it has used up all numbers, the question for the mappings is asked
 * from a process that shares the memory but has a copy of the descriptor table, of which it closes some.
 *
 * A call with which the program may take /proc or any other call away from itself finds nothing lazy: the kernel makes it when
 * all memory is anonymous, and from then on the handler makes no call of its own.
 */
#include "restore/intercept.h"

#include "restore/intercept_offsets.h"
#include "restore/lazy_call.h"
#include "restore/lazy_stop.h"
#include "restore/spawn.h"
#include "restore/sys.h"
#include "restore/terminal_redraw.h"

#define CHILD_STACK (INTERCEPT_STACK_BYTES / 2) /* its top, bytes from the stack's start */
#define CLOSE_TRIES 4096
#define CLOSED 3 /* mappings, threads, and one of these at a time */

static int64_t advise(struct lazy_call *lazy, const struct intercept_registers *call)
{
    int64_t result = sys_madvise(call->di, 0, (uint32_t)call->dx); /* does this kernel know the advice? */

    return result < 0 ? result : lazy_advise(lazy, call->di, call->di + lazy_round(call->si), (uint32_t)call->dx);
}

/* The kernel gives the range an attribute that fresh memory in its place would lose: it becomes anonymous before. Where it
 * cannot, what is discarded of it will be written over instead. */
static int64_t endow(struct lazy_call *lazy, struct intercept_frame *frame)
{
    const struct intercept_registers *call = &frame->registers;

    if (lazy_convert(lazy, call->di, call->di + lazy_round(call->si)) < 0)
        __atomic_store_n(&lazy->resident->attributes, 1, __ATOMIC_RELAXED);
    frame->pass = true;
    return 0;
}

static bool is_gift(uint32_t advice)
{
    return advice == ABI_MADV_DONTDUMP || advice == ABI_MADV_MERGEABLE;
}

static int64_t settle(struct lazy_call *lazy, struct intercept_frame *frame)
{
    int64_t result = lazy_settle(lazy);

    frame->pass = result == 0;
    return result;
}

static int64_t make_call(struct lazy_call *lazy, struct intercept_frame *frame)
{
    const struct intercept_registers *call = &frame->registers;
    const uint64_t arguments[6] = {call->di, call->si, call->dx, call->r10, call->r8, call->r9};

    switch ((uint32_t)call->ax) {
    case NR_madvise:
        return is_gift((uint32_t)call->dx) ? endow(lazy, frame) : advise(lazy, call);
    case NR_pkey_mprotect:
    case NR_mbind:
        return endow(lazy, frame);
    case NR_mremap:
        return lazy_remap(lazy, arguments);
    case NR_process_madvise:
        return lazy_process_madvise(lazy, arguments);
    case NR_prctl:
        return (uint32_t)call->di == ABI_PR_SET_VMA ? lazy_name(lazy, arguments) : settle(lazy, frame);
    case NR_ioctl:
        return lazy_handle_faults(lazy, arguments);
    default:
        return settle(lazy, frame);
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
    lazy.stack_number = frame->number;
    lazy.spawn_stack = frame->stack + CHILD_STACK;
    error = maps_open(&lazy.maps, lazy.resident);
    if (error == 0 || alone || !work_in_a_process(frame))
        frame->result = (uint64_t)make_call(&lazy, frame);
    maps_close(&lazy.maps);
}

static void work_alone(void *argument)
{
    struct intercept_frame *frame = argument;

    uint32_t closed = 0;

    for (int fd = 0; fd < CLOSE_TRIES && closed < CLOSED; fd++) /* any but the one that the call is about */
        closed += (uint64_t)fd != frame->registers.di && sys_close(fd) == 0;
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
    lazy_end_if_torn(INTERCEPT_RECORD);
    return true;
}

void intercept_work(struct intercept_frame *frame)
{
    struct intercept_registers *call = &frame->registers;

    if ((uint32_t)call->ax == NR_ioctl && (uint32_t)call->si == ABI_TIOCGWINSZ) {
        frame->pass = 0;
        call->ax = (uint64_t)terminal_redraw_answer(call->di, call->dx);
        return;
    }
    frame->pid = (uint64_t)sys_getpid();
    frame->tid = (uint64_t)sys_gettid();
    frame->pass = 0;
    frame->result = (uint64_t)-ABI_EAGAIN; /* for the case that somebody kills the process */
    work(frame, false);
    if (frame->pass == 0)
        frame->registers.ax = frame->result;
}
