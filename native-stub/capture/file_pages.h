/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of mapped files that the program has not written. They are the file's, so they are copied from it, after the
 * program has gone on. When a file is found changed by then, copy_file_pages() says -ESTALE and the capture is made
 * once more, with copy_at_once set: all pages are then read while the program stands.
 */
#ifndef UNDUMP_CAPTURE_FILE_PAGES_H
#define UNDUMP_CAPTURE_FILE_PAGES_H

#include "state.h"

/* Opens the file of a mapping and keeps it open. Returns its descriptor with size in bytes and time of change, or
 * -errno when the file cannot be reached any more or is to be copied at once. */
int keep_mapped_file(struct capture *capture, const struct mapping *mapping, uint64_t *ret_size,
                     uint64_t *ret_mtime_ns);

/* The next run of data in a file at or behind offset, widened to whole pages. Returns false when there is none. */
bool find_file_data(int file, uint64_t offset, uint64_t *ret_data, uint64_t *ret_hole);

/* Adds an extent for pages of a kept file, whose bytes come later. Returns 0 or -errno with a line. */
int defer_file_pages(struct capture *capture, struct mapping *mapping, uint64_t address, uint64_t length, int file);

/* Copies them all, through chunk of CHUNK_BYTES. Returns 0 or -errno with a line. */
int copy_file_pages(struct capture *capture, uint8_t *chunk);

void release_mapped_files(struct capture *capture);

/* When the file was made, nanoseconds of CLOCK_REALTIME; 0 when its file system does not tell. */
uint64_t birth_of_file(int fd);

#endif
