/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's truth about pieces of the address space, for the handler of intercepted calls.
 *
 * Method: /proc/thread-self/maps, asked with PROCMAP_QUERY (Linux 6.11) or read as text before; "thread-self" because
 * the process's own entry is empty once its first thread has ended. In a chroot, who may makes a /proc that is mounted
 * nowhere. Where that is out of reach, each page's nature is told by the errors of calls that change nothing. Then a private mapping of a file in a
 * lazy range is taken for the image's, and whether memory is executable is not known.
 */
#ifndef UNDUMP_STUB_MAPS_H
#define UNDUMP_STUB_MAPS_H

#include "image_format.h"
#include "restore/maps_line.h"

#define MAPS_TEXT_BYTES 2048

enum maps_kind {
    MAPS_HOLE,      /* nothing is mapped */
    MAPS_OTHER,     /* the kernel's affair */
    MAPS_ANONYMOUS, /* private, without a file */
    MAPS_IMAGE,     /* memory that was anonymous and is mapped from the image */
    MAPS_UNKNOWN,   /* may be any of these: nothing must be done to it */
};

enum maps_way { MAPS_QUERY, MAPS_TEXT, MAPS_BLIND };

struct maps_text { /* lines are read once, upwards */
    uint32_t used, next; /* of bytes */
    bool ended;
    bool skipping; /* within a line that did not fit */
    char bytes[MAPS_TEXT_BYTES];
};

struct maps {
    const struct image_resident *resident;
    enum maps_way way;
    int fd;
    bool thorough;   /* without /proc: ask about memory that was never lazy as well */
    bool have_vma;   /* vma is the first that ends behind the last asked address */
    struct maps_vma vma;
    struct maps_text text;
};

struct maps_piece {
    uint64_t start, end;
    enum maps_kind kind;
    uint32_t protection; /* of ANONYMOUS and IMAGE */
    uint32_t flags;      /* MAP_* that memory in the place of an IMAGE piece gets */
    bool ends_vma;       /* end is also where the mapping ends */
};

/* Returns 0 or -errno: -EMFILE and -ENFILE are for the caller, everything else has led to MAPS_BLIND. */
int maps_open(struct maps *maps, const struct image_resident *resident);
void maps_close(struct maps *maps);

/* Addresses may start from below again. */
void maps_rewind(struct maps *maps);

/* The piece that starts at `from`, cut at `limit` and at the borders of lazy ranges. Addresses must not go down. */
void maps_next(struct maps *maps, uint64_t from, uint64_t limit, struct maps_piece *ret_piece);

/* The first mapping that ends behind the address. Returns 1, 0 when there is none, or -errno. */
int maps_find(struct maps *maps, uint64_t address, struct maps_vma *ret_vma);

#endif
