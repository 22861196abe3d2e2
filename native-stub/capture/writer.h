/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoint file while it is written: without a name, or with a temporary one next to the target; page data
 * first, index behind it, header last, then fsync and rename. Before that nobody takes it for a checkpoint: its first
 * page is zero.
 */
#ifndef UNDUMP_CAPTURE_WRITER_H
#define UNDUMP_CAPTURE_WRITER_H

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "checkpoint_format.h"
#include "report.h"

struct writer {
    int directory;             /* of the target */
    int fd;                    /* temporary file */
    char directory_path[PATH_MAX];
    char name[NAME_MAX + 1];   /* of the target in its directory */
    char temporary[NAME_MAX + 1]; /* its name until it is renamed; empty: it has none */
    uint64_t next;             /* file offset of the next piece of data, page aligned */
    int error;                 /* first failed write, -errno; the rest is skipped */
};

/* Opens directory and temporary file. Output is the expanded name; relative names are taken from base, a directory
 * descriptor (AT_FDCWD for the caller's) that base_path names for messages. Returns 0 or -errno with a line. */
int writer_open(struct writer *writer, int base, const char *base_path, const char *output, struct report *report);

/* Reserves size bytes of the data area and returns where they start; bytes not written later are a hole. */
uint64_t writer_reserve(struct writer *writer, uint64_t size);

/* Writes at an offset that was reserved. Errors stick. */
void writer_put(struct writer *writer, uint64_t offset, const void *bytes, size_t size);

/* The same for bytes in pieces. Changes the pieces. */
void writer_put_pieces(struct writer *writer, uint64_t offset, struct iovec *pieces, int count);

/* Makes the file durable and gives it its name. Returns 0 or -errno with a line. */
int writer_commit(struct writer *writer, struct report *report);

/* Reports the first failed write, if any. Returns it or 0. */
int writer_check(struct writer *writer, struct report *report);

/* Closes everything; a file that was not committed is removed. Harmless on a zero-initialised, never opened writer
 * whose descriptors are -1. */
void writer_close(struct writer *writer);

#endif
