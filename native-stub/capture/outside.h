/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_OUTSIDE_H
#define UNDUMP_CAPTURE_OUTSIDE_H

#include "state.h"

/* Lists, while the program still runs, the pipes that other processes hold an end of, as far as we may look. Does
 * nothing for a program without pipes. */
void find_pipes_elsewhere(struct capture *capture);

/* Lists the frozen program's own ends of pipes. Returns 0 or -errno. */
int list_pipe_ends(struct capture *capture);

bool pipe_is_elsewhere(const struct capture *capture, uint64_t inode);

#endif
