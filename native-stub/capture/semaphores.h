/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel would undo of System V semaphores at the program's end (SEM_UNDO): a launch has to take them again. Every set
 * that the kernel has is asked about, each semaphore as semaphore_probes.h says.
 *
 * A set that the program may not change cannot be asked about. It counts as untouched: other users have such sets, and a program
 * of several threads, which all have a list of what to undo, would be refused wherever a database runs. That would be wrong for a
 * program that could change it before. One that has become another user since it was executed is known by its dumpable attribute
 * (commit_creds() in kernel/cred.c takes it away, execve gives it), and is refused if the set was used since it started.
 */
#ifndef UNDUMP_CAPTURE_SEMAPHORES_H
#define UNDUMP_CAPTURE_SEMAPHORES_H

#include "inject.h"
#include "state.h"

/* Asks for all of them through the borrowed thread. After ask_process() for the first thread; of another one only a list of its
 * own matters (unshare(CLONE_SYSVSEM)). Returns 0 or -errno with a line. */
int ask_semaphores(struct injector *injector, struct capture *capture);

#endif
