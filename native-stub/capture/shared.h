/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages of shared anonymous memory exist. The page tables of the program do not tell: a page may have been
 * written by a process that has ended since. Reading them all would make the kernel allocate each hole.
 *
 * The kernel's object behind the mapping tells by SEEK_DATA, to those who may open /proc/PID/map_files; the program
 * itself may ask mincore(2), which is as good as long as nothing is swapped out.
 */
#ifndef UNDUMP_CAPTURE_SHARED_H
#define UNDUMP_CAPTURE_SHARED_H

#include "inject.h"
#include "state.h"

/* Fills mapping->shared_pages through map_files. Returns whether that was possible. */
bool list_shared_by_seeking(struct capture *capture, struct mapping *mapping);

/* Whether any mapping has to be asked for by calls in the program. */
bool needs_shared_questions(const struct capture *capture);

/* Fills it by calls in the borrowed thread. Returns 0 or -errno with a line. */
int list_shared_by_asking(struct injector *injector, struct capture *capture);

#endif
