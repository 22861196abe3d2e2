/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would undo of one System V semaphore at the program's end (SEM_UNDO).
 *
 * No call tells that number, but it has a limit, and a semop(2) that would exceed it fails with ERANGE. A list of operations is
 * all or nothing: one whose last operation can never be done changes nothing. The kernel goes through it under the set's lock
 * (ipc/sem.c, perform_atomic_semop_slow), so nobody sees anything in between, and it notes neither time nor process of
 * operations that failed.
 *
 * Rules that a change must keep:
 * - Other processes change the value at any time, and a value can exceed a limit, too. So every list begins with taking the
 *   value that we believe in and waiting for zero: what comes then is counted from a value of 0 that is known in this very call.
 * - Only ERANGE proves anything. EAGAIN means a value that we did not know, or a limit that was not met. So each question has a
 *   complement, of which exactly one meets the limit at a known value.
 * - A process that calls semctl(2) SETVAL or SETALL clears what all processes would undo. A number that is not 0 is proven from
 *   both sides when the search is over, so a change in the middle of it does not pass.
 */
#ifndef UNDUMP_CAPTURE_SEMAPHORE_PROBES_H
#define UNDUMP_CAPTURE_SEMAPHORE_PROBES_H

#include "inject.h"

/* Finds what is added to the semaphore at the end of the borrowed thread's process, -32768 to 32767. Returns 0, or -errno: -EBUSY
 * when others never left its value alone, -EACCES when the thread may not change it, -EINVAL or -EIDRM when the set is gone,
 * -ECANCELED when the capture was given up. A line is said for failures of calling only, such as -ESRCH. */
int find_adjustment(struct injector *injector, int set, uint32_t number, int *ret_adjustment);

#endif
