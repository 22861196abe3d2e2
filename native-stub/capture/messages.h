/* SPDX-License-Identifier: Apache-2.0 */
/* What ckpt prints, all on standard error. */
#ifndef UNDUMP_CAPTURE_MESSAGES_H
#define UNDUMP_CAPTURE_MESSAGES_H

#include <stdbool.h>

#include "capture.h"

/* One line: the file, its size, and how to go on. verbose: a second one with the time that each step took. */
void print_success(const struct capture_outcome *outcome, bool verbose);

/* The lines of a failed capture; more than one are counted first. goes_on: the program does, say so. */
void print_failure(const struct report *report, bool goes_on);

#endif
