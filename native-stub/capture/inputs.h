/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inputs of a program: files whose state it has seen, by the paths that it used. Each has the look that the file had when the
 * program saw it first; the checkpoint gets the look of the capture. Between the two nobody but the program itself may have
 * changed it, for what the program has in its memory would then be neither the one nor the other.
 */
#ifndef UNDUMP_CAPTURE_INPUTS_H
#define UNDUMP_CAPTURE_INPUTS_H

#include "look.h"
#include "names.h"
#include "state.h"

#define SAW_STATUS 0x1u
#define SAW_ENTRIES 0x2u  /* of a directory */
#define SAW_CONTENT 0x4u
#define SAW_LINK 0x8u     /* the link itself that the path ends in */

struct input {
    unsigned saw;      /* SAW_* */
    struct look file;  /* what the path leads to */
    struct look link;  /* the link itself */
    char *target;      /* of the link */
    bool changed;      /* two looks of the program differ, and it was not the program's doing */
};

struct inputs {
    struct names paths;
    struct input *list;    /* as paths */
    size_t capacity;
    struct names own;      /* what the program has made or written, input_changes.c */
    struct names contents; /* files of which content was seen, as "device:inode" */
    char *inexact;         /* why the list cannot be complete; NULL: it is */
    bool failed;           /* out of memory */
};

/* Notes what the program saw of a path, whose state it was; that of the link itself for SAW_LINK. Paths that are no inputs, and what the
 * program has made itself, are left out. */
void inputs_see(struct inputs *inputs, const char *path, unsigned saw, const struct look *look);

/* Whether the content of this file was seen, by whatever name. */
bool saw_content(const struct inputs *inputs, const struct look *look);

/* Notes that it read the entries of a directory, which it had opened by all these paths, or that is known by name only. */
void inputs_see_entries(struct inputs *inputs, const struct look *directory, const char *name);

/* Notes why the list cannot be complete; the first reason stays. */
void inputs_give_up(struct inputs *inputs, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a path is that of something that never is an input: /proc, /dev, /sys, and what the JVM shows of itself to others. */
bool is_never_input(const char *path);

/* Whether b is not what a was, as far as somebody can tell who saw that much of it. */
bool differs(const struct look *a, const struct look *b, unsigned saw);

/* Reads the link. NULL when it is none or cannot be read. */
char *read_target(const char *path);

void inputs_free(struct inputs *inputs);

/* ---- input_changes.c: what the program has changed ---- */

void inputs_own_file(struct inputs *inputs, const struct look *look); /* has written to this file or directory */
void inputs_own_name(struct inputs *inputs, const char *path);        /* has made, replaced or removed what stood there */

/* Whether the program has made what stands, or does not stand, at the path now. */
bool is_own_making(const struct inputs *inputs, const char *path, const struct look *now);

/* Whether that explains that what stood there as before is now as now. */
bool is_own_change(const struct inputs *inputs, const char *path, const struct look *before, const struct look *now);

/* ---- input_records.c ---- */

/* Looks at all files once more and fills the INPUTS of a checkpoint. The program stands. Returns 0, or -errno with a line when the
 * list cannot be exact. */
int append_inputs(struct capture *capture);

#endif
