/* SPDX-License-Identifier: Apache-2.0 */
/* A set of texts, each with a number in the order in which they came. A failed allocation sticks, as that of a buffer. */
#ifndef UNDUMP_CAPTURE_NAMES_H
#define UNDUMP_CAPTURE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct names {
    char **texts;      /* by number */
    size_t count;
    size_t capacity;   /* of texts */
    uint32_t *places;  /* number + 1 by hash, 0: free; a power of two, at least twice as many as texts */
    size_t place_count;
    bool failed;
};

/* Returns its number, or -1. */
long names_find(const struct names *names, const char *text);

/* Adds a copy of the text unless it is there. Returns its number, -1 when memory ran out; ret_new may be NULL. */
long names_add(struct names *names, const char *text, bool *ret_new);

void names_free(struct names *names);

#endif
