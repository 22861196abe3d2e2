/* SPDX-License-Identifier: Apache-2.0 */
/* What is left to do with the extents when all memory has been read and the program may be running. */
#ifndef UNDUMP_CAPTURE_EXTENTS_H
#define UNDUMP_CAPTURE_EXTENTS_H

#include "state.h"

/* Reads bytes back that were written to the checkpoint and computes their checksum, through chunk of CHUNK_BYTES.
 * Returns 0 or -errno with a line. */
int sum_stored(struct capture *capture, uint64_t offset, uint64_t length, uint8_t *chunk, uint32_t *ret_crc);

/* Copies the pages of files, and computes the checksums that were left out. Returns 0 or -errno with a line. */
int finish_extents(struct capture *capture);

/* Puts the extents into the order of addresses, when all are there. */
void sort_extents(struct capture *capture);

#endif
