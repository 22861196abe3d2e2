/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would undo of System V semaphores at the program's end (SEM_UNDO): a launch has to take them again.
 *
 * No call tells these numbers, but they have a limit, and a semop(2) that would exceed it fails with ERANGE. A list of
 * operations is all or nothing: one whose last operation cannot be done tells by its error whether the limit was met before,
 * and changes nothing. The kernel counts in one go under the set's lock (ipc/sem.c, perform_atomic_semop_slow), so nobody sees
 * anything in between, and notes no time and no process of operations that failed.
 */
#ifndef UNDUMP_CAPTURE_SEMAPHORES_H
#define UNDUMP_CAPTURE_SEMAPHORES_H

#include "inject.h"
#include "state.h"

/* Asks for all of them through the borrowed thread. Returns 0 or -errno with a line. */
int ask_semaphores(struct injector *injector, struct capture *capture);

#endif
