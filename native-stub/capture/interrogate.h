/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_INTERROGATE_H
#define UNDUMP_CAPTURE_INTERROGATE_H

#include "state.h"

/* Asks the frozen program what only it can tell, by calls made in its threads: alternate stacks, thread id addresses,
 * signal actions, timers and the like. Every thread stands as before afterwards. Returns 0 or -errno with a line. */
int interrogate(struct capture *capture);

#endif
