/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_MAPPINGS_H
#define UNDUMP_CAPTURE_MAPPINGS_H

#include "state.h"

/* Reads the mappings of the frozen program. Returns 0, or -errno with a line for each that cannot be captured. */
int read_mappings(struct capture *capture);

/* Adds one of them, with what smaps tells about it; "" when that is not known yet. Returns 0 or -errno with a line;
 * reasons that forbid a capture are lines, too. */
int add_mapping(struct capture *capture, const struct map_line *map, const char *details);

/* Adds those of smaps_entry records. Returns 0, or -errno with a line for each that cannot be captured. */
int add_mappings(struct capture *capture, const struct buffer *entries);

/* Replaces what smaps tells about a mapping. Reasons that forbid a capture are lines. */
void set_details(struct capture *capture, struct mapping *mapping, const char *details);

void release_mappings(struct capture *capture);

/* Opens the file behind a mapping, when it can be reached and is the same. Returns the descriptor or -errno. */
int open_mapped_file(struct capture *capture, const struct mapping *mapping);

/* Puts the finished records into their section. */
void append_mappings(struct capture *capture);

/* Looks for another name of a file that has lost the one by which it was mapped, in the same folder: glibc makes named semaphores
 * under another name and links them to theirs. The mapping then has that name. */
bool find_other_name(struct capture *capture, struct mapping *mapping);

/* Whether a path is that of the JVM's performance counters. */
bool is_performance_data(const char *name);

#endif
