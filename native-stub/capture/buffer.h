/* SPDX-License-Identifier: Apache-2.0 */
/* Growing byte arrays. A failed allocation sticks: the owner asks once, at the end, and no caller in between. */
#ifndef UNDUMP_CAPTURE_BUFFER_H
#define UNDUMP_CAPTURE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "checkpoint_format.h"

struct buffer {
    uint8_t *data;
    size_t size;     /* bytes in use */
    size_t capacity; /* bytes allocated */
    bool failed;     /* an allocation failed; contents are not to be used */
};

/* Appends size zero bytes and returns them, or NULL when memory ran out (then failed is set). */
void *buffer_extend(struct buffer *buffer, size_t size);

/* Appends a copy of the bytes. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t size);

/* Appends zero bytes until the size is a multiple of alignment, a power of two. */
void buffer_align(struct buffer *buffer, size_t alignment);

void buffer_free(struct buffer *buffer);

/* Adds a string to a STRINGS section: length bytes and a terminating zero. The empty string is (0, 0). */
struct ckpt_string strings_add(struct buffer *strings, const char *text, size_t length);
struct ckpt_string strings_add_text(struct buffer *strings, const char *text);

static inline void close_descriptor(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void free_pointer(void *pointer)
{
    free(*(void **)pointer);
}

#define AUTO_CLOSE __attribute__((cleanup(close_descriptor)))
#define AUTO_FREE __attribute__((cleanup(free_pointer)))
#define AUTO_BUFFER __attribute__((cleanup(buffer_free)))

#endif
