/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that exist only in memory (memfd_create), segments of System V shared memory, and files that have lost their name and
 * are mapped shared. The program has them open, mapped or both; what they hold is stored once, and descriptors and mappings
 * refer to it.
 *
 * They are seen through a descriptor of the program; without one through /proc/PID/map_files, which needs
 * CAP_CHECKPOINT_RESTORE; without that through the mapped memory itself, which shows what is mapped of them.
 */
#ifndef UNDUMP_CAPTURE_MEMORY_FILES_H
#define UNDUMP_CAPTURE_MEMORY_FILES_H

#include "state.h"

#define MEMFD_PREFIX "/memfd:" /* of the names that the kernel shows; a mark that the file is deleted is their end */

/* Finds the file, or adds it with fd as its descriptor (-1: none is known) and name as the kernel shows it. Returns its
 * index or -errno with a line. */
int memory_file_of(struct capture *capture, const struct ckpt_memory_file *identity, int fd, const char *name);

/* Joins the mappings with the files, when all are known, and opens these. Returns 0, or -errno with lines for those
 * that cannot be captured. */
int open_memory_files(struct capture *capture);

/* Whether the mapping is a shared one of the file with this index. */
bool is_view_of(const struct mapping *mapping, size_t index);

/* ---- memory_file_pages.c ---- */

/* Writes their contents, as extents. Returns 0 or -errno with a line. */
int save_memory_files(struct capture *capture);

/* After that, with the program possibly running: computes the checksums that were left out, through chunk of CHUNK_BYTES. */
int sum_memory_files(struct capture *capture, uint8_t *chunk);

/* ---- in the end ---- */

void append_memory_files(struct capture *capture);
void release_memory_files(struct capture *capture);

#endif
