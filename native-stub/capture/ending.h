/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_ENDING_H
#define UNDUMP_CAPTURE_ENDING_H

#include "state.h"

/* Ends the frozen program with exit status 0, without a step of any of its threads, and reaps it. Where the program's code leaves no
 * way for that it is killed. */
void end_process(struct capture *capture);

#endif
