/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System V shared memory that the program has attached. What a segment holds is a memory file's business; here is what the
 * kernel tells of the segment. The program itself is asked, for it may live in another IPC namespace.
 */
#ifndef UNDUMP_CAPTURE_SEGMENTS_H
#define UNDUMP_CAPTURE_SEGMENTS_H

#include "inject.h"
#include "state.h"

/* Whether a mapping is one of an attached segment; its inode number is the segment's id (ipc/shm.c, newseg). */
bool is_segment(const struct mapping *mapping);

/* Asks for all segments through the borrowed thread. Returns 0 or -errno with a line. */
int ask_segments(struct injector *injector, struct capture *capture);

#endif
