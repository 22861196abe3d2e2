/* SPDX-License-Identifier: Apache-2.0 */
/* The system call that a thread stopped by ptrace is in. */
#ifndef UNDUMP_STUB_STOPPED_CALL_H
#define UNDUMP_STUB_STOPPED_CALL_H

#include "interrupted_calls.h"
#include "restore/abi.h"
#include "restore/sys.h"

/* Offsets in struct user of arch/x86/include/asm/user_64.h, and include/linux/errno.h */
#define STOPPED_AX 80
#define STOPPED_ORIG_AX 120
#define STOPPED_ERESTARTNOHAND 514

/*
 * Input a thread in a stop of ptrace. A call that the stop broke off with EINTR, which the kernel does not restart by
 * itself, is given the error with which it does: made again, unless a handler is about to run, which gets EINTR.
 */
static inline void stopped_call_mend(uint32_t tid)
{
    uint64_t number = 0, result = 0;

    if (syscall4(NR_ptrace, ABI_PTRACE_PEEKUSER, tid, STOPPED_ORIG_AX, STUB_ADDRESS(&number)) == 0 &&
        syscall4(NR_ptrace, ABI_PTRACE_PEEKUSER, tid, STOPPED_AX, STUB_ADDRESS(&result)) == 0 &&
        (int64_t)result == -ABI_EINTR && is_interrupted_call(number))
        syscall4(NR_ptrace, ABI_PTRACE_POKEUSER, tid, STOPPED_AX, (uint64_t)-STOPPED_ERESTARTNOHAND);
}

#endif
