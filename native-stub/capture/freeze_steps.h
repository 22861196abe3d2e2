/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that stop threads share among themselves. */
#ifndef UNDUMP_CAPTURE_FREEZE_STEPS_H
#define UNDUMP_CAPTURE_FREEZE_STEPS_H

#include "state.h"

/* ---- freeze.c ---- */

/* Waits until an interrupted thread stands. Returns 1 when it does, 0 when it is gone, or -errno with a line. */
int hold_thread(struct capture *capture, struct thread *thread);

/* Lets a thread go on, and detaches it when freeze_process() has attached it. */
void release_thread(struct capture *capture, struct thread *thread);

void remove_thread(struct capture *capture, struct thread *thread);

/* ---- freeze_calls.c ---- */

/* Reads the registers of a thread that stands, and at once makes sure that it would not see an EINTR of our making,
 * even if we died now. Returns 0 or -errno. */
int read_stopped_thread(struct capture *capture, struct thread *thread);

/* ---- freeze_places.c ---- */

/* Returns 1 when threads had to run on, 0 when all stand where they may, or -errno with a line. */
int leave_bad_places(struct capture *capture);

#endif
