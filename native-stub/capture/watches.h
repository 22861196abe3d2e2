/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify instances and their watches. The kernel tells a watch's inode and a handle of it, not its path. Only the
 * privileged may open by handle; for others the paths that the program plausibly meant are tried, then directories are
 * searched, for a bounded time. This is done before the program stands.
 */
#ifndef UNDUMP_CAPTURE_WATCHES_H
#define UNDUMP_CAPTURE_WATCHES_H

#include "descriptors.h"

#define HANDLE_BYTES 128 /* MAX_HANDLE_SZ */

/* A line of fdinfo (fs/notify/fdinfo.c, inotify_fdinfo). */
struct watch_line {
    int32_t number;
    uint64_t inode;
    uint32_t device; /* major << 20 | minor */
    uint32_t mask;
    int32_t handle_type;
    uint32_t handle_size; /* 0: there is none */
    uint8_t handle[HANDLE_BYTES];
};

/* What is watched, and where it was found. */
struct watch_place {
    struct watch_line watch;
    char *path; /* NULL: not found */
};

/* Looks for the paths of what the running program watches. */
void find_watches(struct capture *capture);

/* Fills the record of an inotify instance and the WATCHES section. Returns 0, or -ENOTSUP with a line. */
int describe_inotify(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

void release_watches(struct capture *capture);

/* ---- watch_search.c ---- */

/* Gives each place that has none its path, as far as it can be found. They are sorted by inode. */
void search_watched(struct capture *capture, struct watch_place *places, size_t count);

/* Whether the path, not followed when it is a symbolic link, leads to what is watched. */
bool is_watched(const char *path, const struct watch_line *watch);

/* ---- watch_text.c ---- */

/* Takes the text behind "inotify" of a line of fdinfo. */
bool parse_watch(const char *text, struct watch_line *ret);

#endif
