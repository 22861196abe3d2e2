/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_OUTSIDE_H
#define UNDUMP_CAPTURE_OUTSIDE_H

#include "state.h"

/* Lists, while the program still runs, the pipes and sockets that other processes have open, as far as we may look. Does
 * nothing for a program without pipes and sockets. */
void find_channels_elsewhere(struct capture *capture);

/* Lists the frozen program's own ends of pipes. Returns 0 or -errno. */
int list_pipe_ends(struct capture *capture);

/* Lists, while the program still runs, the memory that other processes could share with it, as far as we may look: what
 * they have mapped of shared anonymous memory and memfds, and the memfds that they have open. Does nothing for a program
 * without such memory. */
void find_memory_elsewhere(struct capture *capture);

/* Refuses, with a line, memory that another process holds as well; what and name say which. */
void check_memory_elsewhere(struct capture *capture, const struct shared_object *object, const char *what,
                            const char *name);

bool channel_is_elsewhere(const struct capture *capture, uint64_t inode);

#endif
