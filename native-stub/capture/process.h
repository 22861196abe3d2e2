/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PROCESS_H
#define UNDUMP_CAPTURE_PROCESS_H

#include "state.h"

/* Fills the process record of the frozen program, as far as /proc tells, the AUXV section and the processor. */
int read_process(struct capture *capture);

#endif
