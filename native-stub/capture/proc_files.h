/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_PROC_FILES_H
#define UNDUMP_CAPTURE_PROC_FILES_H

#include <sys/types.h>

#include "buffer.h"

/* Reads /proc/PATH whole into buffer, emptied first, with a zero byte behind its size. Returns 0 or -errno. */
int read_proc(struct buffer *buffer, const char *path_format, ...) __attribute__((format(printf, 2, 3)));

/* Reads the link /proc/PATH into target, size bytes with the ending zero. Returns its length or -errno. */
ssize_t read_proc_link(char *target, size_t size, const char *path_format, ...) __attribute__((format(printf, 3, 4)));

/* Opens /proc/PATH. Returns the descriptor, close-on-exec, or -errno. */
int open_proc(int flags, const char *path_format, ...) __attribute__((format(printf, 2, 3)));

/* The numbers that name entries of the directory /proc/PATH, ascending. Returns 0 or -errno; the caller frees. */
int list_proc_numbers(pid_t **ret_numbers, size_t *ret_count, const char *path_format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
