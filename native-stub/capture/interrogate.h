/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_INTERROGATE_H
#define UNDUMP_CAPTURE_INTERROGATE_H

#include "inject.h"
#include "state.h"

/* Asks the frozen program what only it can tell, by calls made in its threads: alternate stacks, thread id addresses,
 * signal actions, timers and the like. Every thread stands as before afterwards. Returns 0 or -errno with a line. */
int interrogate(struct capture *capture);

/* The part of it that a thread's copy in a fork needs (fork.h): signal stack, address of its id, timer slack. The thread is
 * borrowed. Returns 0 or -errno with a line. */
int ask_forked_thread(struct injector *injector, struct thread *thread);

/* Refuses a program that has asked for tile registers; a thread is borrowed. Returns 0 or -errno with a line. */
int check_tiles(struct injector *injector, struct capture *capture);

#endif
