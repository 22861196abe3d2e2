/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the memory of a program holds the ids of its threads, for a fork that keeps them (fork.h): the C libraries' and Go's
 * own words, the owners of locks, and the ids that a thread has at hand while it waits for a lock. The rules are the planner's,
 * which says there where each comes from: ThreadIdWords, RobustLists, LockWaiters, LockScanner, TimerHelper and PythonLoops
 * (elf-writer, package plan). Memory that is shared with other processes is theirs as well: nothing is changed there.
 */
#ifndef UNDUMP_CAPTURE_THREAD_IDS_H
#define UNDUMP_CAPTURE_THREAD_IDS_H

#include "inject.h"

/* Writes the new ids, as the program sees them, in the memory and the `resume` registers of the threads of a child that
 * stands and is the injector's; record.own_tid holds the old ones. Returns 0 or -errno with a line. */
int replace_thread_ids(struct injector *injector, const uint32_t *new_ids);

#endif
