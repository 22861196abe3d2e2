/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PREFLIGHT_H
#define UNDUMP_CAPTURE_PREFLIGHT_H

#include "state.h"

/* Checks all that can be checked before anything is stopped, and changes nothing. Returns 0 or -errno with a line for
 * every obstacle found. Fills vdso_start and vdso_end. */
int preflight(struct capture *capture);

/* Children, seen once more when the program stands: 0 or -errno with a line. */
int check_children(struct capture *capture);

#endif
