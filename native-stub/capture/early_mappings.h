/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mappings of a program that is to stand for milliseconds only.
 *
 * What smaps tells costs the kernel a look at each page, about half as long as a fork. So it is read twice, and never
 * while the program stands: of the program shortly before, and of the snapshot afterwards. In between only maps is read.
 * The early look refuses what cannot be captured, among that memory watched by userfaultfd, which a fork would forget,
 * and says which shared mappings cannot be written. The late one is what counts: it tells the flags at the stop, but for
 * those that fork does not copy. A program that has such flags (locked memory, MADV_DONTFORK) is looked at while it
 * stands, as without a snapshot.
 */
#ifndef UNDUMP_CAPTURE_EARLY_MAPPINGS_H
#define UNDUMP_CAPTURE_EARLY_MAPPINGS_H

#include "state.h"

/* The early look; does nothing when there will be no snapshot. Returns 0, or -errno with a line for each mapping that
 * cannot be captured. */
int look_at_mappings(struct capture *capture);

/* Lists the mappings of the frozen program, from maps after an early look, else by read_mappings(). The same results. */
int take_mappings(struct capture *capture);

/* Whether the snapshot has all mappings of the program, both still standing. Returns 0, or -ESTALE without a line when
 * the capture is to be made without an early look. */
int compare_mappings(struct capture *capture);

/* The late look, at the snapshot. Returns 0, -errno with a line for each mapping that cannot be captured, or -ESTALE. */
int complete_mappings(struct capture *capture);

void release_early_mappings(struct capture *capture);

#endif
