/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that look at files or change them, by number, with the places of their arguments. */
#ifndef UNDUMP_CAPTURE_TRACED_CALLS_H
#define UNDUMP_CAPTURE_TRACED_CALLS_H

#include <stdbool.h>
#include <stdint.h>

enum call_action {
    CALL_OTHER,     /* has nothing to do with files */
    CALL_OPEN,
    CALL_OPEN_HANDLE,
    CALL_STAT,
    CALL_STATX,
    CALL_LOOK,      /* asks for something else of a path, or goes there */
    CALL_READ_LINK,
    CALL_EXECUTE,
    CALL_ENTRIES,
    CALL_MAKE,      /* a name */
    CALL_REMOVE,
    CALL_RENAME,
    CALL_LINK,
    CALL_CHANGE,    /* a file, by path or, where that is NULL, by descriptor */
    CALL_CHANGE_OPEN,
    CALL_MAKE_PROCESS,
    CALL_NAME_SPACE, /* may change what paths mean */
    CALL_RECEIVE,   /* may bring descriptors */
    CALL_RING,
};

#define NO_ARGUMENT (-1)

struct traced_call {
    uint8_t action;
    int8_t base;        /* argument that is the directory's descriptor; NO_ARGUMENT: the working directory */
    int8_t path;
    int8_t flags;       /* argument with AT_SYMLINK_NOFOLLOW or open's flags; NO_ARGUMENT: none */
    int8_t second_base;
    int8_t second_path;
    bool at_link;       /* it never follows a link at the end */
};

/* NULL: it is of no interest. */
const struct traced_call *find_traced_call(uint64_t number);

#endif
